select
    delivered.delivery_target_id,
    targets.title as delivery_target,
    delivered.submission_record_id,
    delivered.batch_id,
    delivered.batch_date,
    delivered.submitted,
    delivered.data,
    records.published_action_id,
    records.external_student_id,
    records.status,
    coalesce(records.is_removed, false) as is_removed
from {{ ref('stg_powerschool_enrollment__delivered_records') }} as delivered
left join {{ ref('stg_powerschool_enrollment__delivery_targets') }} as targets
    on targets.delivery_target_id = delivered.delivery_target_id
left join {{ ref('stg_powerschool_enrollment__submission_records') }} as records
    on records.submission_record_id = delivered.submission_record_id
