WHERE ($2::text IS NULL OR e.id > $2::text::{type @.id}) AND ($3::text IS NULL OR e.id < $3::text::{type @.id})
  ORDER BY e.id
  LIMIT $4
