-- A relay for more organisations than one machine carries: its tables, spread over several PostgreSQL machines by Citus.
-- Run once on the coordinator, in the relay's database, after the relay has made its tables there and before the first
-- organisation is registered: psql --single-transaction --file citus.sql
--
-- Every key begins with the organisation, no key crosses organisations, and every statement of the relay names one: so each
-- organisation lives whole in one shard, and each statement goes to one machine.

CREATE EXTENSION IF NOT EXISTS citus;

SET LOCAL citus.shard_count = 128;

SELECT create_distributed_table('organisation', 'org');
SELECT create_distributed_table('entry', 'org', colocate_with => 'organisation');
SELECT create_distributed_table('chunk', 'org', colocate_with => 'organisation');
SELECT create_distributed_table('credential', 'org', colocate_with => 'organisation');
SELECT create_distributed_table('parcel', 'org', colocate_with => 'organisation');
SELECT create_distributed_table('spent', 'org', colocate_with => 'organisation');

-- Tickets belong to no organisation yet, and the relay's own marks to none: every machine has them.
SELECT create_reference_table('ticket');
SELECT create_reference_table('relay');
