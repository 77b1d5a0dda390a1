{#- Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit. -#}
{%- set table = source('powerschool_enrollment', 'roster_records') -%}

with records as (
{{ staged(
    table,
    columns_in(table),
    key=['roster_record_id'],
    newest_by=['synced_at', '_airbyte_extracted_at'],
    fields=[
        ('id', 'roster_record_id', 'integer'),
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
        ('synced_at', 'synced_at', 'timestamp'),
        ('_ab_cdc_deleted_at', 'removed_at', 'timestamp'),
    ],
) }}
)

select
    *,
    removed_at is not null as is_removed,
    {{ is_one_of('status', var('powerschool_enrollment_discarded_statuses')) }} as is_discarded
from records
