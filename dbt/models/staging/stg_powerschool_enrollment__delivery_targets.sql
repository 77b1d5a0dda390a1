{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'delivery_targets') -%}

{{ staged(
    table,
    columns_in(table),
    key=['delivery_target_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('id', 'delivery_target_id', 'integer'),
        ('title', 'title', 'text'),
    ],
) }}
