{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'checklist_details') -%}

{{ staged(
    table,
    columns_in(table),
    key=['checklist_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('id', 'checklist_id', 'integer'),
        ('title', 'title', 'text'),
        ('academicYear', 'academic_year', 'text'),
        ('items', 'items', 'json'),
    ],
) }}
