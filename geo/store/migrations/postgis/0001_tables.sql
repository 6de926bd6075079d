-- 0001 every table of a store, as geo/schema.py defines them (a test compares the two, and DuckDB's twin).
--
-- PostgreSQL keeps what DuckDB cannot: keys, references of small tables, and indexes.
-- Text compares by code point (COLLATE "C"), so that both databases sort alike. References are checked
-- at the end of a transaction: a batch writes its own entry last, and replaces rows by taking them out first.
-- The large tables (cases, their areas, events and facts) carry no references: they cost more than
-- the whole load, and `python -m geo check` verifies them.
-- A geometry must overlap the box of the world: metres and swapped axes are refused.

CREATE EXTENSION IF NOT EXISTS postgis;

-- facts about the store itself, one per row
CREATE TABLE store_meta (
    name  text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);

-- one file, or one step, brought in as a whole
CREATE TABLE import_batches (
    batch_id    text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL
        CHECK (kind IN ('boundaries', 'cases', 'facilities', 'population', 'buildings', 'residential_land', 'streets', 'staff', 'effort', 'placement')),
    file_name   text COLLATE "C" NOT NULL,
    sha256      text COLLATE "C",
    source      text COLLATE "C",
    coord_sys   text COLLATE "C",
    time_zone   text COLLATE "C",
    encoding    text COLLATE "C",
    choices     json NOT NULL,
    n_read      bigint NOT NULL,
    n_new       bigint NOT NULL,
    n_changed   bigint NOT NULL,
    n_unchanged bigint NOT NULL,
    n_rejected  bigint NOT NULL,
    state       text COLLATE "C" NOT NULL
        CHECK (state IN ('stored', 'undone')),
    actor       text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,
    undone_at   timestamptz,
    PRIMARY KEY (batch_id)
);

-- why a row of a file was refused
CREATE TABLE rejected_rows (
    batch_id    text COLLATE "C" NOT NULL,
    seq         integer NOT NULL,
    row         bigint NOT NULL,
    column_name text COLLATE "C",
    code        text COLLATE "C" NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    value       text COLLATE "C",
    PRIMARY KEY (batch_id, seq),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- one version of the polygons of one level
CREATE TABLE boundary_sets (
    set_id     text COLLATE "C" NOT NULL,
    area_level text COLLATE "C" NOT NULL
        CHECK (area_level IN ('district', 'subdistrict', 'community', 'grid', 'microgrid', 'courtyard', 'unit_grid')),
    scope_id   text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL
        CHECK (status IN ('draft', 'published', 'retired')),
    valid_from date,
    valid_to   date,
    batch_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (set_id),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- one polygon of one boundary set
CREATE TABLE areas (
    set_id     text COLLATE "C" NOT NULL,
    area_id    text COLLATE "C" NOT NULL,
    area_level text COLLATE "C" NOT NULL
        CHECK (area_level IN ('district', 'subdistrict', 'community', 'grid', 'microgrid', 'courtyard', 'unit_grid')),
    name       text COLLATE "C" NOT NULL,
    parent_id  text COLLATE "C",
    kind       text COLLATE "C",
    geom       geometry(MultiPolygon, 4326) NOT NULL
        CHECK (geom && ST_MakeEnvelope(-180, -90, 180, 90, 4326)),
    west       double precision NOT NULL,
    south      double precision NOT NULL,
    east       double precision NOT NULL,
    north      double precision NOT NULL,
    area_m2    double precision NOT NULL,
    residents  bigint,
    households bigint,
    attributes json NOT NULL,
    PRIMARY KEY (set_id, area_id),
    FOREIGN KEY (set_id) REFERENCES boundary_sets DEFERRABLE INITIALLY DEFERRED
);

-- other names of an area or place
CREATE TABLE area_aliases (
    area_id  text COLLATE "C" NOT NULL,
    alias    text COLLATE "C" NOT NULL,
    batch_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (area_id, alias),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- who is responsible for an area, from when to when
CREATE TABLE area_staff (
    area_id    text COLLATE "C" NOT NULL,
    role       text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    valid_from date,
    valid_to   date,
    batch_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (area_id, role, name),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- what a case is about, two levels
CREATE TABLE categories (
    category_id   text COLLATE "C" NOT NULL,
    parent_id     text COLLATE "C",
    kind          text COLLATE "C"
        CHECK (kind IN ('component', 'event', 'service')),
    name          text COLLATE "C" NOT NULL,
    name_en       text COLLATE "C",
    limit_h       double precision,
    facility_kind text COLLATE "C",
    PRIMARY KEY (category_id)
);

-- one case 案件, as it stands now
CREATE TABLE cases (
    case_id          text COLLATE "C" NOT NULL,
    source           text COLLATE "C" NOT NULL,
    source_no        text COLLATE "C" NOT NULL,
    kind             text COLLATE "C"
        CHECK (kind IN ('component', 'event', 'service')),
    category_id      text COLLATE "C",
    title            text COLLATE "C",
    description      text COLLATE "C",
    address          text COLLATE "C",
    stated_area      text COLLATE "C",
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text COLLATE "C" NOT NULL
        CHECK (position_source IN ('given', 'address', 'stated', 'none')),
    position_error_m double precision,
    state            text COLLATE "C" NOT NULL
        CHECK (state IN ('reported', 'verifying', 'rejected', 'filed', 'dispatched', 'returned', 'handling', 'handled', 'checking', 'rework', 'closed', 'suspended', 'extended')),
    closing_level    text COLLATE "C",
    department       text COLLATE "C",
    channel          text COLLATE "C",
    reported_at      timestamptz,
    accepted_at      timestamptz,
    handled_at       timestamptz,
    closed_at        timestamptz,
    due_at           timestamptz,
    valid_callback   boolean,
    contacted        boolean,
    solved           boolean,
    satisfaction     text COLLATE "C"
        CHECK (satisfaction IN ('satisfied', 'basically_satisfied', 'dissatisfied')),
    h3               bigint,
    version          integer NOT NULL,
    batch_id         text COLLATE "C" NOT NULL,
    case_no          bigint NOT NULL,
    PRIMARY KEY (case_id),
    UNIQUE (case_no)
);

-- former rows of cases
CREATE TABLE case_versions (
    case_id          text COLLATE "C" NOT NULL,
    source           text COLLATE "C" NOT NULL,
    source_no        text COLLATE "C" NOT NULL,
    kind             text COLLATE "C",
    category_id      text COLLATE "C",
    title            text COLLATE "C",
    description      text COLLATE "C",
    address          text COLLATE "C",
    stated_area      text COLLATE "C",
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text COLLATE "C" NOT NULL,
    position_error_m double precision,
    state            text COLLATE "C" NOT NULL,
    closing_level    text COLLATE "C",
    department       text COLLATE "C",
    channel          text COLLATE "C",
    reported_at      timestamptz,
    accepted_at      timestamptz,
    handled_at       timestamptz,
    closed_at        timestamptz,
    due_at           timestamptz,
    valid_callback   boolean,
    contacted        boolean,
    solved           boolean,
    satisfaction     text COLLATE "C",
    h3               bigint,
    version          integer NOT NULL,
    batch_id         text COLLATE "C" NOT NULL,
    case_no          bigint NOT NULL,
    replaced_by      text COLLATE "C" NOT NULL,
    replaced_at      timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- the areas of a case, once as reported and once as they are now
CREATE TABLE case_areas (
    case_id          text COLLATE "C" NOT NULL,
    basis            text COLLATE "C" NOT NULL
        CHECK (basis IN ('reported', 'current')),
    district_id      text COLLATE "C",
    subdistrict_id   text COLLATE "C",
    community_id     text COLLATE "C",
    grid_id          text COLLATE "C",
    microgrid_id     text COLLATE "C",
    courtyard_id     text COLLATE "C",
    unit_grid_id     text COLLATE "C",
    sets             text COLLATE "C" NOT NULL,
    placed_by        text COLLATE "C" NOT NULL
        CHECK (placed_by IN ('point', 'nearest', 'stated', 'none')),
    before_first_set boolean NOT NULL,
    border_m         double precision,
    batch_id         text COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, basis)
);

-- derived: what dashboards count, one narrow row per case, sorted by area
CREATE TABLE case_facts (
    case_no              bigint NOT NULL,
    case_id              text COLLATE "C" NOT NULL,
    district_code        integer,
    subdistrict_code     integer,
    community_code       integer,
    grid_code            integer,
    microgrid_code       integer,
    courtyard_code       integer,
    unit_grid_code       integer,
    category_code        integer,
    kind_code            integer,
    channel_code         integer,
    closing_level_code   integer,
    department_code      integer,
    satisfaction_code    integer,
    source_code          integer NOT NULL,
    state_code           integer NOT NULL,
    position_source_code integer NOT NULL,
    reported_at          timestamptz,
    closed_at            timestamptz,
    due_at               timestamptz,
    close_s              bigint,
    hour                 integer,
    weekday              integer,
    reported_month       integer,
    closed_month         integer,
    due_month            integer,
    late_month           integer,
    ended_month          integer,
    is_final             boolean NOT NULL,
    valid_callback       boolean,
    contacted            boolean,
    solved               boolean,
    lon                  double precision CHECK (lon BETWEEN -180 AND 180),
    lat                  double precision CHECK (lat BETWEEN -90 AND 90),
    h3                   bigint,
    PRIMARY KEY (case_no)
);

-- derived: the short numbers that stand for text in `case_facts`
CREATE TABLE fact_codes (
    dimension text COLLATE "C" NOT NULL,
    code      integer NOT NULL,
    value     text COLLATE "C" NOT NULL,
    PRIMARY KEY (dimension, code),
    UNIQUE (dimension, value)
);

-- derived: sums of `case_facts` by month, one ledger; rows of one key are added up
CREATE TABLE case_counts (
    district_code         integer,
    subdistrict_code      integer,
    dimension             text COLLATE "C" NOT NULL,
    group_code            integer,
    month                 integer NOT NULL,
    due_month             integer,
    n_cases               bigint NOT NULL,
    n_new                 bigint NOT NULL,
    n_opened              bigint NOT NULL,
    n_ended               bigint NOT NULL,
    n_late                bigint NOT NULL,
    n_late_closed         bigint NOT NULL,
    n_closed              bigint NOT NULL,
    n_due                 bigint NOT NULL,
    n_due_on_time         bigint NOT NULL,
    n_ahead               bigint NOT NULL,
    n_closed_without_due  bigint NOT NULL,
    n_timed               bigint NOT NULL,
    n_negative            bigint NOT NULL,
    n_callbacks           bigint NOT NULL,
    n_contacted           bigint NOT NULL,
    n_solved              bigint NOT NULL,
    n_satisfied           bigint NOT NULL,
    n_basically_satisfied bigint NOT NULL,
    n_unlocated           bigint NOT NULL,
    n_rejected            bigint NOT NULL
);

-- derived: seconds from report to closing, by sub-district, category and month of closing
CREATE TABLE case_spans (
    district_code    integer,
    subdistrict_code integer,
    category_code    integer,
    closed_month     integer NOT NULL,
    spans_s          bigint[] NOT NULL
);

-- history of every case, one row per step, never edited
CREATE TABLE case_events (
    case_id    text COLLATE "C" NOT NULL,
    seq        integer NOT NULL,
    action     text COLLATE "C" NOT NULL,
    from_state text COLLATE "C",
    to_state   text COLLATE "C" NOT NULL,
    actor      text COLLATE "C" NOT NULL,
    taken_at   timestamptz NOT NULL,
    note       text COLLATE "C" NOT NULL,
    batch_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- who reported: personal, kept only when chosen
CREATE TABLE case_reporters (
    case_id   text COLLATE "C" NOT NULL,
    name      text COLLATE "C",
    telephone text COLLATE "C",
    batch_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id)
);

-- one facility 设施, as it stands now
CREATE TABLE facilities (
    facility_id      text COLLATE "C" NOT NULL,
    source           text COLLATE "C" NOT NULL,
    source_no        text COLLATE "C" NOT NULL,
    name             text COLLATE "C",
    kind             text COLLATE "C" NOT NULL,
    service_level    text COLLATE "C",
    status           text COLLATE "C" NOT NULL
        CHECK (status IN ('planned', 'building', 'open', 'suspended', 'closed')),
    capacity         double precision,
    area_m2          double precision,
    opened_on        date,
    closed_on        date,
    address          text COLLATE "C",
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text COLLATE "C" NOT NULL
        CHECK (position_source IN ('given', 'address', 'stated', 'none')),
    position_error_m double precision,
    footprint        geometry(MultiPolygon, 4326)
        CHECK (footprint && ST_MakeEnvelope(-180, -90, 180, 90, 4326)),
    version          integer NOT NULL,
    batch_id         text COLLATE "C" NOT NULL,
    PRIMARY KEY (facility_id),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- former rows of facilities
CREATE TABLE facility_versions (
    facility_id      text COLLATE "C" NOT NULL,
    source           text COLLATE "C" NOT NULL,
    source_no        text COLLATE "C" NOT NULL,
    name             text COLLATE "C",
    kind             text COLLATE "C" NOT NULL,
    service_level    text COLLATE "C",
    status           text COLLATE "C" NOT NULL,
    capacity         double precision,
    area_m2          double precision,
    opened_on        date,
    closed_on        date,
    address          text COLLATE "C",
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text COLLATE "C" NOT NULL,
    position_error_m double precision,
    footprint        geometry(MultiPolygon, 4326)
        CHECK (footprint && ST_MakeEnvelope(-180, -90, 180, 90, 4326)),
    version          integer NOT NULL,
    batch_id         text COLLATE "C" NOT NULL,
    replaced_by      text COLLATE "C" NOT NULL,
    replaced_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, version)
);

-- gates and doors of a facility
CREATE TABLE facility_entrances (
    facility_id text COLLATE "C" NOT NULL,
    seq         integer NOT NULL,
    lon         double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat         double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    batch_id    text COLLATE "C" NOT NULL,
    PRIMARY KEY (facility_id, seq),
    FOREIGN KEY (facility_id) REFERENCES facilities DEFERRABLE INITIALLY DEFERRED
);

-- people at a point: building, hexagon, courtyard
CREATE TABLE population_points (
    source     text COLLATE "C" NOT NULL,
    point_id   text COLLATE "C" NOT NULL,
    lon        double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat        double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    residents  double precision,
    registered double precision,
    elders     double precision,
    children   double precision,
    households double precision,
    as_of_on   date,
    batch_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (source, point_id)
);

-- one building
CREATE TABLE buildings (
    building_id   text COLLATE "C" NOT NULL,
    name          text COLLATE "C",
    courtyard_id  text COLLATE "C",
    street        text COLLATE "C",
    street_number text COLLATE "C",
    use           text COLLATE "C",
    storeys       integer,
    households    integer,
    lon           double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat           double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    geom          geometry(MultiPolygon, 4326)
        CHECK (geom && ST_MakeEnvelope(-180, -90, 180, 90, 4326)),
    batch_id      text COLLATE "C" NOT NULL,
    PRIMARY KEY (building_id)
);

-- land people live on, the official denominator of coverage
CREATE TABLE residential_land (
    land_id  text COLLATE "C" NOT NULL,
    geom     geometry(MultiPolygon, 4326) NOT NULL
        CHECK (geom && ST_MakeEnvelope(-180, -90, 180, 90, 4326)),
    source   text COLLATE "C",
    as_of_on date,
    batch_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (land_id)
);

-- ends and crossings of streets
CREATE TABLE street_nodes (
    node_id  bigint NOT NULL,
    lon      double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat      double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    batch_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (node_id)
);

-- one piece of street between two nodes
CREATE TABLE street_edges (
    edge_id   bigint NOT NULL,
    from_node bigint NOT NULL,
    to_node   bigint NOT NULL,
    length_m  double precision NOT NULL,
    name      text COLLATE "C",
    kind      text COLLATE "C",
    walk      boolean NOT NULL,
    geom      geometry(Geometry, 4326) NOT NULL
        CHECK (geom && ST_MakeEnvelope(-180, -90, 180, 90, 4326))
        CHECK (GeometryType(geom) IN ('LINESTRING', 'MULTILINESTRING')),
    batch_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (edge_id)
);

-- rows of other tables that a later batch replaced
CREATE TABLE former_rows (
    replaced_by text COLLATE "C" NOT NULL,
    seq         integer NOT NULL,
    table_name  text COLLATE "C" NOT NULL,
    row         json NOT NULL,
    PRIMARY KEY (replaced_by, seq)
);

-- campaigns and patrol days: how hard was looked
CREATE TABLE reporting_effort (
    area_id  text COLLATE "C" NOT NULL,
    on_date  date NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    amount   double precision NOT NULL,
    note     text COLLATE "C",
    batch_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (area_id, on_date, kind),
    FOREIGN KEY (batch_id) REFERENCES import_batches DEFERRABLE INITIALLY DEFERRED
);

-- every published figure can be reproduced from here
CREATE TABLE runs (
    run_id          text COLLATE "C" NOT NULL,
    method          text COLLATE "C" NOT NULL,
    parameters      json NOT NULL,
    data_version    bigint NOT NULL,
    program_version text COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (run_id)
);

-- who may use the store (empty until accounts exist)
CREATE TABLE users (
    user_name  text COLLATE "C" NOT NULL,
    role       text COLLATE "C" NOT NULL,
    area_id    text COLLATE "C",
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_name)
);

-- what was done and what was refused, never edited
CREATE TABLE audit_log (
    seq       bigint NOT NULL,
    taken_at  timestamptz NOT NULL,
    actor     text COLLATE "C" NOT NULL,
    action    text COLLATE "C" NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    outcome   text COLLATE "C" NOT NULL
        CHECK (outcome IN ('done', 'refused')),
    note      text COLLATE "C" NOT NULL,
    PRIMARY KEY (seq)
);

-- where things are
CREATE INDEX areas_geom ON areas USING gist (geom);
CREATE INDEX facilities_footprint ON facilities USING gist (footprint);
CREATE INDEX buildings_geom ON buildings USING gist (geom);
CREATE INDEX residential_land_geom ON residential_land USING gist (geom);
CREATE INDEX street_edges_geom ON street_edges USING gist (geom);

-- when things happened: batches arrive in order of time, so a summary of every 128 pages is enough
CREATE INDEX cases_reported ON cases USING brin (reported_at);
CREATE INDEX case_events_taken ON case_events USING brin (taken_at);
CREATE INDEX case_facts_reported ON case_facts USING brin (reported_at);
CREATE INDEX case_facts_closed ON case_facts USING brin (closed_at);
CREATE INDEX case_facts_due ON case_facts USING brin (due_at);

-- dashboards: the facts of one area
CREATE INDEX case_facts_subdistrict ON case_facts (subdistrict_code, reported_at)
    WHERE subdistrict_code IS NOT NULL;
CREATE INDEX case_facts_community ON case_facts (community_code)
    WHERE community_code IS NOT NULL;
CREATE INDEX case_facts_grid ON case_facts (grid_code)
    WHERE grid_code IS NOT NULL;
CREATE INDEX case_facts_microgrid ON case_facts (microgrid_code)
    WHERE microgrid_code IS NOT NULL;
CREATE INDEX case_counts_wide ON case_counts (dimension, subdistrict_code);
CREATE INDEX case_spans_month ON case_spans (closed_month);

-- lists and undo
CREATE INDEX areas_level ON areas (area_level, set_id) INCLUDE (area_id, parent_id);
CREATE INDEX areas_id ON areas (area_id);
CREATE INDEX cases_batch ON cases (batch_id);
CREATE INDEX facilities_batch ON facilities (batch_id);
CREATE INDEX case_versions_replaced ON case_versions (replaced_by);
CREATE INDEX facility_versions_replaced ON facility_versions (replaced_by);
CREATE INDEX case_areas_batch ON case_areas (batch_id);
