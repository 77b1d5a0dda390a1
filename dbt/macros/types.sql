{#- Return a column as an expression in the type of this kind: integer, text, date, timestamp (UTC) or json.
    A column that the table does not have is null. -#}
{% macro typed(columns, name, kind) %}
    {%- set column = powerschool_enrollment.quoted(columns, name) -%}
    {%- if not column -%}
        cast(null as {{ powerschool_enrollment.data_type(kind) }})
    {%- elif kind == 'timestamp' -%}
        {{ powerschool_enrollment.utc(column, powerschool_enrollment.type_of(columns, name)) }}
    {%- elif kind == 'json' -%}
        {{ powerschool_enrollment.json(column, powerschool_enrollment.type_of(columns, name)) }}
    {%- else -%}
        cast({{ column }} as {{ powerschool_enrollment.data_type(kind) }})
    {%- endif -%}
{% endmacro %}


{% macro type_of(columns, name) %}
    {%- for each, type in columns.items() if each | lower == name | lower -%}{{ return(type) }}{%- endfor -%}
{% endmacro %}


{#- Return the warehouse's type for a kind. -#}
{% macro data_type(kind) %}
    {{ return(adapter.dispatch('data_types', 'powerschool_enrollment')()[kind]) }}
{% endmacro %}

{% macro default__data_types() %}
    {{ return({'integer': 'bigint', 'text': 'varchar', 'date': 'date', 'timestamp': 'timestamp', 'json': 'json'}) }}
{% endmacro %}

{% macro postgres__data_types() %}
    {{ return({'integer': 'bigint', 'text': 'text', 'date': 'date', 'timestamp': 'timestamp', 'json': 'jsonb'}) }}
{% endmacro %}

{% macro snowflake__data_types() %}
    {{ return(
        {'integer': 'bigint', 'text': 'varchar', 'date': 'date', 'timestamp': 'timestamp_ntz', 'json': 'variant'}
    ) }}
{% endmacro %}

{% macro bigquery__data_types() %}
    {{ return({'integer': 'int64', 'text': 'string', 'date': 'date', 'timestamp': 'timestamp', 'json': 'json'}) }}
{% endmacro %}


{#- Return a time as a timestamp in UTC. Whether its column has a time zone depends on the program that loaded it. -#}
{% macro utc(column, type) %}
    {{ return(adapter.dispatch('utc', 'powerschool_enrollment')(column, type)) }}
{% endmacro %}

{% macro default__utc(column, type) %}
    {%- if 'with time zone' in type or type == 'timestamptz' -%}
        ({{ column }} at time zone 'UTC')
    {%- else -%}
        cast({{ column }} as timestamp)
    {%- endif -%}
{% endmacro %}

{% macro snowflake__utc(column, type) %}
    {%- if type.startswith('timestamp_tz') or type.startswith('timestamp_ltz') -%}
        cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
    {%- else -%}
        cast({{ column }} as timestamp_ntz)
    {%- endif -%}
{% endmacro %}


{#- Return a column of JSON in the type that the other macros take. -#}
{% macro json(column, type) %}
    {{ return(adapter.dispatch('json', 'powerschool_enrollment')(column, type)) }}
{% endmacro %}

{% macro default__json(column, type) %}
    cast({{ column }} as {{ powerschool_enrollment.data_type('json') }})
{%- endmacro %}

{% macro snowflake__json(column, type) %}
    {%- if type in ('variant', 'object', 'array') -%} to_variant({{ column }})
    {%- else -%} parse_json({{ column }})
    {%- endif -%}
{% endmacro %}

{% macro bigquery__json(column, type) %}
    {%- if type == 'json' -%} {{ column }} {%- else -%} parse_json({{ column }}) {%- endif -%}
{% endmacro %}
