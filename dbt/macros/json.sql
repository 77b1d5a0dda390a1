{#- Return one value of a JSON object as text: null if the object does not have the key. -#}
{% macro json_text(column, key) %}
    {{ return(adapter.dispatch('json_text', 'powerschool_enrollment')(column, key)) }}
{% endmacro %}

{% macro default__json_text(column, key) %}
    ({{ column }} ->> '{{ key | replace("'", "''") }}')
{%- endmacro %}

{#- As a path, because DuckDB would read a key that starts with `$` or `/` as one. -#}
{% macro duckdb__json_text(column, key) %}
    json_extract_string({{ column }}, {{ powerschool_enrollment.json_path(key) }})
{%- endmacro %}

{% macro snowflake__json_text(column, key) %}
    cast(get({{ column }}, '{{ key | replace("\\", "\\\\") | replace("'", "''") }}') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, key) %}
    json_value({{ column }}, {{ powerschool_enrollment.json_path(key) | replace("''", "\\'") }})
{%- endmacro %}

{% macro json_path(key) -%}
    '$."{{ key | replace("\\", "\\\\") | replace('"', '\\"') | replace("'", "''") }}"'
{%- endmacro %}


{#- Return a JSON value, such as an element of a list, as text. -#}
{% macro json_as_text(value) %}
    {{ return(adapter.dispatch('json_as_text', 'powerschool_enrollment')(value)) }}
{% endmacro %}

{% macro default__json_as_text(value) %} ({{ value }} #>> '{}') {%- endmacro %}

{% macro duckdb__json_as_text(value) %} ({{ value }} ->> '$') {%- endmacro %}

{% macro snowflake__json_as_text(value) %} cast({{ value }} as varchar) {%- endmacro %}

{% macro bigquery__json_as_text(value) %} json_value({{ value }}) {%- endmacro %}
