{#- Return the columns of a source table: its data type, in lower case, by the name as the table spells it.
    Empty if the stream was not synced. Raise an error if no stream was: the schema is wrong. -#}
{% macro columns_in(table) %}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- set relation = load_relation(table) -%}
        {%- if relation -%}
            {%- for column in adapter.get_columns_in_relation(relation) -%}
                {%- do columns.update({column.name: column.data_type | lower}) -%}
            {%- endfor -%}
        {%- else -%}
            {%- do powerschool_enrollment.check_schema(table) -%}
            {%- do log('Stream ' ~ table.identifier ~ ' was not synced: its staging model is empty.', info=true) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}


{#- Raise an error if the schema of this missing table contains no stream at all. -#}
{% macro check_schema(table) %}
    {%- for stream in ['published_actions', 'roster_records', 'submission_records'] -%}
        {%- set known = adapter.get_relation(table.database, table.schema, stream) -%}
        {%- if known -%}{{ return(none) }}{%- endif -%}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        'The schema ' ~ table.schema ~ ' of the database ' ~ table.database ~ ' has no table of PowerSchool Enrollment. '
        ~ 'Set the variable powerschool_enrollment_schema to the schema that the sync writes to.'
    ) }}
{% endmacro %}
