{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'import_schemas') -%}

{{ staged(
    table,
    columns_in(table),
    key=['import_schema_id', 'published_action_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('published_action_id', 'published_action_id', 'integer'),
        ('id', 'import_schema_id', 'integer'),
        ('title', 'title', 'text'),
        ('fields', 'fields', 'json'),
    ],
) }}
