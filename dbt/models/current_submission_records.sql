select
    records.*,
    forms.academic_year,
    forms.title as form_title
from {{ ref('stg_powerschool_enrollment__submission_records') }} as records
left join {{ ref('stg_powerschool_enrollment__published_actions') }} as forms
    on forms.published_action_id = records.published_action_id
where not records.is_removed
    and not records.is_discarded
    and {{ is_chosen_form('records.published_action_id', 'forms.academic_year') }}
