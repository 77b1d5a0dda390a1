-- Prints a RECORD line for each changed row, then a STATE line. `since` is from the last STATE that was returned, or -infinity.
begin isolation level repeatable read; -- both queries see the same rows

select json_build_object(
  'type', 'RECORD',
  'record', json_build_object(
    'stream', 'students',
    'emitted_at', 0,
    'data', json_build_object(
      'ExternalID', external_id,
      'FirstName', first_name,
      'LastName', last_name,
      'EmailAddress', email,
      'DateOfBirth', birth_date
    )
  )
)
from students
where updated_at >= :'since'::timestamptz - interval '1 hour' -- a transaction may commit after a later one
order by updated_at;

select json_build_object(
  'type', 'STATE',
  'state', json_build_object(
    'type', 'STREAM',
    'stream', json_build_object(
      'stream_descriptor', json_build_object('name', 'students'),
      'stream_state', json_build_object('updated_at', coalesce(max(updated_at), '-infinity'))
    )
  )
)
from students;

commit;
