\set day random(0, 18000)
BEGIN;
INSERT INTO persons
  (id, version, status, name, sex, birth_date, nationality, id_number_sealed, id_number_index,
   phone_sealed, phone_index, hukou_region, residence_region, residence_kind, residence_since,
   created_at, updated_at)
VALUES
  (NEW_ID, 1, 'active', '王芳芳', '2', date '1960-01-01' + :day::int, '01',
   decode(repeat('ab', 47), 'hex'), sha256(gen_random_uuid()::text::bytea),
   decode(repeat('ab', 40), 'hex'), sha256(gen_random_uuid()::text::bytea),
   '420325100001', '420325100001', 'usual', '2020-05-01', now(), now())
RETURNING id AS person_id \gset
INSERT INTO residences (id, person_id, region, kind, since, recorded_at, recorded_by)
VALUES (NEW_ID, :person_id, '420325100001', 'usual', '2020-05-01', now(), 'clerk-1');
INSERT INTO usage_entries (subject_id, at, actor_sub, actor_org, purpose, kind)
VALUES (:person_id, now(), 'clerk-1', 'org-test', 'registration', 'person');
INSERT INTO outbox (event_id, topic, key, payload, created_at)
VALUES (NEW_ID, 'yipan.registry', :person_id, repeat('x', 640), now());
COMMIT;
