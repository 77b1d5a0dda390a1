{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'published_actions') -%}

{{ staged(
    table,
    columns_in(table),
    key=['published_action_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('id', 'published_action_id', 'integer'),
        ('title', 'title', 'text'),
        ('academicYear', 'academic_year', 'text'),
    ],
) }}
