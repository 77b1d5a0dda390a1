{%- set keep = ['published_action_id', 'academic_year', 'form_title', 'external_student_id'] -%}

with elements as (
    {%- for stream in ['roster', 'submission'] %}
    select
        '{{ stream }}_records' as stream,
        {{ stream }}_record_id as record_id,
        {{ keep | join(', ') }},
        {{ json_as_text('element') }} as tag
    from (
        {{ elements_as_rows(ref('current_' ~ stream ~ '_records'), [stream ~ '_record_id'] + keep, 'tags') }}
    ) as {{ stream }}_tags
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select distinct * from elements
