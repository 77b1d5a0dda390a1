with asked as (
    {{ elements_as_rows(
        ref('stg_powerschool_enrollment__checklist_details'), ['checklist_id', 'academic_year', 'title'], 'items'
    ) }}
),

items as (
    select
        checklist_id,
        academic_year,
        title as checklist_title,
        {{ json_text('element', 'id') }} as item_id,
        {{ json_text('element', 'name') }} as item
    from asked
),

mentioned as (
    {{ elements_as_rows(
        ref('stg_powerschool_enrollment__checklist_entries'), ['checklist_entry_id', 'checklist_id'], 'checklist_items'
    ) }}
),

progress as (
    select
        checklist_entry_id,
        checklist_id,
        {{ json_text('element', 'checklistItemID') }} as item_id,
        max({{ json_text('element', 'status') }}) as status,
        cast(max({{ json_text('element', 'date_completed') }}) as date) as date_completed
    from mentioned
    group by 1, 2, 3
)

select
    entries.checklist_entry_id,
    items.checklist_id,
    items.academic_year,
    items.checklist_title,
    items.item_id,
    items.item,
    entries.external_student_id,
    entries.family_member_first_name,
    entries.family_member_last_name,
    entries.grade,
    entries.family_email_address,
    progress.status,
    progress.date_completed,
    {{ is_one_of('progress.status', var('powerschool_enrollment_done_checklist_statuses')) }} as is_done
from {{ ref('stg_powerschool_enrollment__checklist_entries') }} as entries
inner join items on items.checklist_id = entries.checklist_id
left join progress
    on progress.checklist_entry_id = entries.checklist_entry_id
    and progress.checklist_id = entries.checklist_id
    and progress.item_id = items.item_id
