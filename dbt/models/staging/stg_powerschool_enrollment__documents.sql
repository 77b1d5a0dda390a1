{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'documents') -%}

{{ staged(
    table,
    columns_in(table),
    key=['submission_record_id', 'field'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('submission_record_id', 'submission_record_id', 'integer'),
        ('published_action_id', 'published_action_id', 'integer'),
        ('field', 'field', 'text'),
        ('object_id', 'object_id', 'text'),
        ('file_name', 'file_name', 'text'),
        ('url', 'url', 'text'),
        ('expires_at', 'expires_at', 'timestamp'),
    ],
) }}
