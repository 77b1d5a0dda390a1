{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'checklist_entries') -%}

{{ staged(
    table,
    columns_in(table),
    key=['checklist_entry_id', 'checklist_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('checklist_id', 'checklist_id', 'integer'),
        ('id', 'checklist_entry_id', 'integer'),
        ('externalStudentID', 'external_student_id', 'text'),
        ('familyMemberFirstName', 'family_member_first_name', 'text'),
        ('familyMemberLastName', 'family_member_last_name', 'text'),
        ('grade', 'grade', 'text'),
        ('familyEmailAddress', 'family_email_address', 'text'),
        ('checklistItems', 'checklist_items', 'json'),
    ],
) }}
