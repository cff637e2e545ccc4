-- Step 10: what a restored house found in its journals, where a database stands, and nonces of the house's own address. Written as step 1 is.

-- What replays found that the rows did not have, since the last adoption.
create table replay_found (
    kind text not null,
    became text not null,               -- applied, rebuilt, known, missing
    many bigint not null,
    primary key (kind, became)
) /*strict*/;

-- Facts that could not be made.
create table unmade (
    node text not null,
    seq bigint not null,
    kind text not null,
    subject text not null,
    primary key (node, seq)
) /*strict*/;

-- Versions that were made from their manifests of recovery.
create table rebuilt (
    letter text not null,
    version bigint not null,
    primary key (letter, version)
) /*strict*/;

-- Of PostgreSQL: which cluster, which database, which timeline.
create table house_place (
    id bigint primary key check (id = 1),
    place text not null
) /*strict*/;

-- What a node of this house asks for at its public address: whoever knows one is this house.
create table nonces (
    nonce bytea primary key,
    expires bigint not null             -- by trusted time
) /*strict*/;
