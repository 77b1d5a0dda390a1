{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'delivered_records') -%}

{{ staged(
    table,
    columns_in(table),
    key=['submission_record_id', 'delivery_target_id'],
    newest_by=['batch_date', '_airbyte_extracted_at'],
    fields=[
        ('delivery_target_id', 'delivery_target_id', 'integer'),
        ('id', 'submission_record_id', 'integer'),
        ('submitted', 'submitted', 'timestamp'),
        ('data', 'data', 'json'),
        ('batch_id', 'batch_id', 'text'),
        ('batch_date', 'batch_date', 'timestamp'),
    ],
) }}
