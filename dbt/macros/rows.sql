{#- Select one row for each pair of a JSON object: the columns in `keep`, then `field` and `value`, both text. -#}
{% macro pairs_as_rows(relation, keep, column) %}
    {{ return(adapter.dispatch('pairs_as_rows', 'powerschool_enrollment')(relation, keep, column)) }}
{% endmacro %}

{#- Through a map, because DuckDB's json_each takes ten times as long. -#}
{% macro duckdb__pairs_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, pair.key as field, pair.value as value
from (
    select
        {{ keep | join(', ') }},
        unnest(map_entries(cast(case when json_type({{ column }}) = 'OBJECT' then {{ column }} end as map(varchar, varchar)))) as pair
    from {{ relation }}
) as pairs
{%- endmacro %}

{% macro default__pairs_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, pair.key as field, pair.value as value
from {{ relation }} as records
cross join lateral jsonb_each_text(case when jsonb_typeof({{ column }}) = 'object' then {{ column }} end) as pair
{%- endmacro %}

{% macro snowflake__pairs_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, pair.key as field, cast(pair.value as varchar) as value
from {{ relation }} as records, lateral flatten(input => records.{{ column }}) as pair
where is_object(records.{{ column }})
{%- endmacro %}

{#- BigQuery quotes keys with special characters. -#}
{% macro bigquery__pairs_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, trim(pair, '"') as field, json_value({{ column }}[trim(pair, '"')]) as value
from {{ relation }} as records
cross join unnest(json_keys({{ column }}, 1)) as pair
{%- endmacro %}


{#- Select one row for each element of a JSON list: the columns in `keep`, then `element`, which is JSON. -#}
{% macro elements_as_rows(relation, keep, column) %}
    {{ return(adapter.dispatch('elements_as_rows', 'powerschool_enrollment')(relation, keep, column)) }}
{% endmacro %}

{% macro duckdb__elements_as_rows(relation, keep, column) %}
select
    {{ keep | join(', ') }},
    unnest(cast(case when json_type({{ column }}) = 'ARRAY' then {{ column }} end as json[])) as element
from {{ relation }} as records
{%- endmacro %}

{% macro default__elements_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, element.value as element
from {{ relation }} as records
cross join lateral jsonb_array_elements(case when jsonb_typeof({{ column }}) = 'array' then {{ column }} end) as element
{%- endmacro %}

{% macro snowflake__elements_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, item.value as element
from {{ relation }} as records, lateral flatten(input => records.{{ column }}) as item
where is_array(records.{{ column }})
{%- endmacro %}

{% macro bigquery__elements_as_rows(relation, keep, column) %}
select {{ keep | join(', ') }}, element
from {{ relation }} as records
cross join unnest(json_query_array({{ column }})) as element
{%- endmacro %}
