{%- set required = var('powerschool_enrollment_required_documents') -%}

with missing as (
    select
        answers.record_id as submission_record_id,
        answers.field
    from {{ ref('answers') }} as answers
    where answers.stream = 'submission_records'
        and not answers.is_answered -- the answer is the id of the uploaded document
        {%- if required %}
        and {{ is_one_of('answers.field', required) }}
        {%- else %}
        and answers.field in (select field from {{ ref('stg_powerschool_enrollment__documents') }})
        {%- endif %}
)

select
    missing.submission_record_id,
    missing.field,
    records.published_action_id,
    records.academic_year,
    records.form_title,
    records.external_student_id,
    records.first_name,
    records.last_name,
    records.school,
    records.grade
from missing
inner join {{ ref('current_submission_records') }} as records
    on records.submission_record_id = missing.submission_record_id
