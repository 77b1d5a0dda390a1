with submissions as (
    select
        submission_record_id,
        external_student_id,
        first_name,
        last_name,
        date_of_birth,
        school,
        grade,
        published_action_id,
        academic_year,
        form_title,
        status,
        submitted,
        count(*) over (partition by external_student_id) as submissions,
        min(submitted) over (partition by external_student_id) as first_submitted,
        row_number() over (
            partition by external_student_id
            order by submitted desc nulls last, submission_record_id desc
        ) as recency
    from {{ ref('current_submission_records') }}
    where external_student_id <> ''
)

select
    external_student_id,
    first_name,
    last_name,
    date_of_birth,
    school,
    grade,
    submission_record_id,
    published_action_id,
    academic_year,
    form_title,
    status,
    submitted,
    submissions,
    first_submitted
from submissions
where recency = 1
