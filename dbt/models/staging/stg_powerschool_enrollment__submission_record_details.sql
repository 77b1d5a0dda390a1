{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'submission_record_details') -%}

{{ staged(
    table,
    columns_in(table),
    key=['submission_record_id'],
    newest_by=['_airbyte_extracted_at'],
    fields=[
        ('id', 'submission_record_id', 'integer'),
        ('published_action_id', 'published_action_id', 'integer'),
        ('status', 'status', 'text'),
        ('firstName', 'first_name', 'text'),
        ('lastName', 'last_name', 'text'),
        ('dateOfBirth', 'date_of_birth', 'date'),
        ('externalStudentID', 'external_student_id', 'text'),
        ('externalFamilyID', 'external_family_id', 'text'),
        ('household', 'household', 'text'),
        ('school', 'school', 'text'),
        ('grade', 'grade', 'text'),
        ('enrollStatus', 'enroll_status', 'text'),
        ('imported', 'imported', 'timestamp'),
        ('started', 'started', 'timestamp'),
        ('submitted', 'submitted', 'timestamp'),
        ('tags', 'tags', 'json'),
        ('dataItems', 'data_items', 'json'),
    ],
) }}
