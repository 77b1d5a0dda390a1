{#- Return the condition that the variables choose a form. If they are empty, they choose all forms. -#}
{% macro is_chosen_form(published_action_id, academic_year) %}
    {%- set ids = var('powerschool_enrollment_published_actions') -%}
    {%- set years = var('powerschool_enrollment_academic_years') -%}
    true
    {%- if ids %} and {{ published_action_id }} in ({{ ids | map('int') | join(', ') }}){% endif -%}
    {%- if years %} and {{ academic_year }} in {{ powerschool_enrollment.texts(years) }}{% endif -%}
{% endmacro %}


{#- Return the condition that a text is one of these values. It is false for null, and if there are no values. -#}
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
