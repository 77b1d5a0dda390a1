{%- set stages = var('powerschool_enrollment_stages') -%}
{%- set cell = ['published_action_id', 'academic_year', 'form_title', 'school', 'grade'] -%}

with counted as (
    select
        {{ cell | join(', ') }},
        1 as expected,
        case when started is not null then 1 else 0 end as started,
        case when submitted is not null then 1 else 0 end as submitted
        {%- for stage in stages %},
        0 as {{ stage }}
        {%- endfor %}
    from {{ ref('current_roster_records') }}
    union all
    select
        {{ cell | join(', ') }},
        0 as expected,
        0 as started,
        0 as submitted
        {%- for stage, statuses in stages.items() %},
        case when {{ is_one_of('status', statuses) }} then 1 else 0 end as {{ stage }}
        {%- endfor %}
    from {{ ref('current_submission_records') }}
)

select
    {{ cell | join(', ') }},
    cast(sum(expected) as {{ data_type("integer") }}) as expected,
    cast(sum(started) as {{ data_type("integer") }}) as started,
    cast(sum(submitted) as {{ data_type("integer") }}) as submitted
    {%- for stage in stages %},
    cast(sum({{ stage }}) as {{ data_type("integer") }}) as {{ stage }}
    {%- endfor %}
from counted
group by {{ cell | join(', ') }}
