{#- Return the condition that a form is one of those that the variables choose. No choice: all forms. -#}
{% macro is_chosen_form(published_action_id, academic_year) %}
    {%- set ids = var('powerschool_enrollment_published_actions') -%}
    {%- set years = var('powerschool_enrollment_academic_years') -%}
    true
    {%- if ids %} and {{ published_action_id }} in ({{ ids | map('int') | join(', ') }}){% endif -%}
    {%- if years %} and {{ academic_year }} in {{ powerschool_enrollment.texts(years) }}{% endif -%}
{% endmacro %}


{#- Return the condition that a text is one of these: false for null, also if there are none. -#}
{% macro is_one_of(column, values) -%}
    {%- if values -%} coalesce({{ column }} in {{ powerschool_enrollment.texts(values) }}, false)
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}


{% macro texts(values) -%}
    (
    {%- for value in values -%}
        '{{ value | string | replace("'", "''") }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
