{#- Return one column of text for each chosen data item, to select from a model with the column data_items.

    items: the data item's name by the column's name, as in {'home_language': 'hh_Language'}.
    Unanswered questions, and those that a form does not ask, are null. -#}
{% macro answers_as_columns(items, column='data_items') %}
    {%- for name, item in items.items() %}
    nullif({{ powerschool_enrollment.json_text(column, item) }}, '') as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
