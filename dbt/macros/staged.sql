{#- Select the newest version of each row of a source table, with typed columns under the package's names.

    columns: what columns_in(table) returned. Names are compared without regard to capitals, because Airbyte's
        destinations keep the service's spelling and PyAirbyte does not. A missing column becomes null.
    fields: (name in the source, name here, kind) for each column; data_type lists the kinds.
    newest_by: names in the source. For each key, the row with the highest values stays. -#}
{% macro staged(table, columns, key, fields, newest_by) %}
with versions as (
    select
        {%- for source_name, name, kind in fields %}
        {{ powerschool_enrollment.typed(columns, source_name, kind) }} as {{ name }},
        {%- endfor %}
        row_number() over (
            partition by {% for source_name, name, kind in fields if name in key -%}
                {{ powerschool_enrollment.typed(columns, source_name, kind) }}{{ ', ' if not loop.last }}
            {%- endfor %}
            order by {% for each in newest_by + ['_airbyte_raw_id'] -%}
                {{ powerschool_enrollment.quoted(columns, each) or 'null' }} desc nulls last{{ ', ' if not loop.last }}
            {%- endfor %}
        ) as version_number
    {%- if columns %}
    from {{ table }}
    {%- else %}
    limit 0
    {%- endif %}
)

select
    {%- for source_name, name, kind in fields %}
    {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from versions
where version_number = 1
{%- endmacro %}


{#- Return the quoted name of a column as the table spells it, or nothing if the table does not have it. -#}
{% macro quoted(columns, name) %}
    {%- for each in columns if each | lower == name | lower -%}{{ return(adapter.quote(each)) }}{%- endfor -%}
    {{ return(none) }}
{% endmacro %}
