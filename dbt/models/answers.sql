{%- set streams = ['submission'] + (['roster'] if var('powerschool_enrollment_roster_answers') else []) -%}
{%- set keep = ['published_action_id', 'academic_year', 'form_title', 'external_student_id'] -%}

with answers as (
    {%- for stream in streams %}
    select
        '{{ stream }}_records' as stream,
        {{ stream }}_record_id as record_id,
        {{ keep | join(', ') }},
        field,
        value
    from (
        {{ pairs_as_rows(ref('current_' ~ stream ~ '_records'), [stream ~ '_record_id'] + keep, 'data_items') }}
    ) as {{ stream }}_answers
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    *,
    coalesce(value <> '', false) as is_answered
from answers
