{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'batches') -%}

{{ staged(
    table,
    columns_in(table),
    key=['batch_id', 'delivery_target_id'],
    newest_by=['date', '_airbyte_extracted_at'],
    fields=[
        ('delivery_target_id', 'delivery_target_id', 'integer'),
        ('id', 'batch_id', 'text'),
        ('date', 'date', 'timestamp'),
        ('records', 'records', 'json'),
    ],
) }}
