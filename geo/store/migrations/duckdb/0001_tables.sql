-- 0001 every table of a store, as geo/schema.py defines them (a test compares the two).
--
-- DuckDB: no foreign key and no index (updating an indexed column of a referenced row fails, and an
-- index on millions of text keys has to fit in memory). Keys are kept by the one writer,
-- geo/store/batches.py, and `python -m geo check` looks for rows that break them.
-- A geometry must overlap the box of the world: metres and swapped axes are refused.

-- facts about the store itself, one per row
CREATE TABLE store_meta (
    name  text NOT NULL,
    value text NOT NULL
);

-- one file, or one step, brought in as a whole
CREATE TABLE import_batches (
    batch_id    text NOT NULL,
    kind        text NOT NULL
        CHECK (kind IN ('boundaries', 'cases', 'facilities', 'population', 'buildings', 'residential_land', 'streets', 'staff', 'effort', 'placement')),
    file_name   text NOT NULL,
    sha256      text,
    source      text,
    coord_sys   text,
    time_zone   text,
    encoding    text,
    choices     json NOT NULL,
    n_read      bigint NOT NULL,
    n_new       bigint NOT NULL,
    n_changed   bigint NOT NULL,
    n_unchanged bigint NOT NULL,
    n_rejected  bigint NOT NULL,
    state       text NOT NULL
        CHECK (state IN ('stored', 'undone')),
    actor       text NOT NULL,
    created_at  timestamptz NOT NULL,
    undone_at   timestamptz
);

-- why a row of a file was refused
CREATE TABLE rejected_rows (
    batch_id    text NOT NULL,
    seq         integer NOT NULL,
    row         bigint NOT NULL,
    column_name text,
    code        text NOT NULL,
    reason      text NOT NULL,
    value       text
);

-- one version of the polygons of one level
CREATE TABLE boundary_sets (
    set_id     text NOT NULL,
    area_level text NOT NULL
        CHECK (area_level IN ('district', 'subdistrict', 'community', 'grid', 'microgrid', 'courtyard', 'unit_grid')),
    scope_id   text NOT NULL,
    status     text NOT NULL
        CHECK (status IN ('draft', 'published', 'retired')),
    valid_from date,
    valid_to   date,
    batch_id   text NOT NULL
);

-- one polygon of one boundary set
CREATE TABLE areas (
    set_id     text NOT NULL,
    area_id    text NOT NULL,
    area_level text NOT NULL
        CHECK (area_level IN ('district', 'subdistrict', 'community', 'grid', 'microgrid', 'courtyard', 'unit_grid')),
    name       text NOT NULL,
    parent_id  text,
    kind       text,
    geom       geometry('OGC:CRS84') NOT NULL
        CHECK (geom && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    west       double precision NOT NULL,
    south      double precision NOT NULL,
    east       double precision NOT NULL,
    north      double precision NOT NULL,
    area_m2    double precision NOT NULL,
    residents  bigint,
    households bigint,
    attributes json NOT NULL
);

-- other names of an area or place
CREATE TABLE area_aliases (
    area_id  text NOT NULL,
    alias    text NOT NULL,
    batch_id text NOT NULL
);

-- who is responsible for an area, from when to when
CREATE TABLE area_staff (
    area_id    text NOT NULL,
    role       text NOT NULL,
    name       text NOT NULL,
    valid_from date,
    valid_to   date,
    batch_id   text NOT NULL
);

-- what a case is about, two levels
CREATE TABLE categories (
    category_id   text NOT NULL,
    parent_id     text,
    kind          text
        CHECK (kind IN ('component', 'event', 'service')),
    name          text NOT NULL,
    name_en       text,
    limit_h       double precision,
    facility_kind text
);

-- one case 案件, as it stands now
CREATE TABLE cases (
    case_id          text NOT NULL,
    source           text NOT NULL,
    source_no        text NOT NULL,
    kind             text
        CHECK (kind IN ('component', 'event', 'service')),
    category_id      text,
    title            text,
    description      text,
    address          text,
    stated_area      text,
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text NOT NULL
        CHECK (position_source IN ('given', 'address', 'stated', 'none')),
    position_error_m double precision,
    state            text NOT NULL
        CHECK (state IN ('reported', 'verifying', 'rejected', 'filed', 'dispatched', 'returned', 'handling', 'handled', 'checking', 'rework', 'closed', 'suspended', 'extended')),
    closing_level    text,
    department       text,
    channel          text,
    reported_at      timestamptz,
    accepted_at      timestamptz,
    handled_at       timestamptz,
    closed_at        timestamptz,
    due_at           timestamptz,
    valid_callback   boolean,
    contacted        boolean,
    solved           boolean,
    satisfaction     text
        CHECK (satisfaction IN ('satisfied', 'basically_satisfied', 'dissatisfied')),
    h3               bigint,
    version          integer NOT NULL,
    batch_id         text NOT NULL,
    case_no          bigint NOT NULL
);

-- former rows of cases
CREATE TABLE case_versions (
    case_id          text NOT NULL,
    source           text NOT NULL,
    source_no        text NOT NULL,
    kind             text,
    category_id      text,
    title            text,
    description      text,
    address          text,
    stated_area      text,
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text NOT NULL,
    position_error_m double precision,
    state            text NOT NULL,
    closing_level    text,
    department       text,
    channel          text,
    reported_at      timestamptz,
    accepted_at      timestamptz,
    handled_at       timestamptz,
    closed_at        timestamptz,
    due_at           timestamptz,
    valid_callback   boolean,
    contacted        boolean,
    solved           boolean,
    satisfaction     text,
    h3               bigint,
    version          integer NOT NULL,
    batch_id         text NOT NULL,
    case_no          bigint NOT NULL,
    replaced_by      text NOT NULL,
    replaced_at      timestamptz NOT NULL
);

-- the areas of a case, once as reported and once as they are now
CREATE TABLE case_areas (
    case_id          text NOT NULL,
    basis            text NOT NULL
        CHECK (basis IN ('reported', 'current')),
    district_id      text,
    subdistrict_id   text,
    community_id     text,
    grid_id          text,
    microgrid_id     text,
    courtyard_id     text,
    unit_grid_id     text,
    sets             text NOT NULL,
    placed_by        text NOT NULL
        CHECK (placed_by IN ('point', 'nearest', 'stated', 'none')),
    before_first_set boolean NOT NULL,
    border_m         double precision,
    batch_id         text NOT NULL
);

-- derived: what dashboards count, one narrow row per case, sorted by area
CREATE TABLE case_facts (
    case_no              bigint NOT NULL,
    case_id              text NOT NULL,
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
    h3                   bigint
);

-- derived: the short numbers that stand for text in `case_facts`
CREATE TABLE fact_codes (
    dimension text NOT NULL,
    code      integer NOT NULL,
    value     text NOT NULL
);

-- derived: sums of `case_facts` by month, one ledger; rows of one key are added up
CREATE TABLE case_counts (
    district_code         integer,
    subdistrict_code      integer,
    dimension             text NOT NULL,
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
    case_id    text NOT NULL,
    seq        integer NOT NULL,
    action     text NOT NULL,
    from_state text,
    to_state   text NOT NULL,
    actor      text NOT NULL,
    taken_at   timestamptz NOT NULL,
    note       text NOT NULL,
    batch_id   text NOT NULL
);

-- who reported: personal, kept only when chosen
CREATE TABLE case_reporters (
    case_id   text NOT NULL,
    name      text,
    telephone text,
    batch_id  text NOT NULL
);

-- one facility 设施, as it stands now
CREATE TABLE facilities (
    facility_id      text NOT NULL,
    source           text NOT NULL,
    source_no        text NOT NULL,
    name             text,
    kind             text NOT NULL,
    service_level    text,
    status           text NOT NULL
        CHECK (status IN ('planned', 'building', 'open', 'suspended', 'closed')),
    capacity         double precision,
    area_m2          double precision,
    opened_on        date,
    closed_on        date,
    address          text,
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text NOT NULL
        CHECK (position_source IN ('given', 'address', 'stated', 'none')),
    position_error_m double precision,
    footprint        geometry('OGC:CRS84')
        CHECK (footprint && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    version          integer NOT NULL,
    batch_id         text NOT NULL
);

-- former rows of facilities
CREATE TABLE facility_versions (
    facility_id      text NOT NULL,
    source           text NOT NULL,
    source_no        text NOT NULL,
    name             text,
    kind             text NOT NULL,
    service_level    text,
    status           text NOT NULL,
    capacity         double precision,
    area_m2          double precision,
    opened_on        date,
    closed_on        date,
    address          text,
    lon              double precision CHECK (lon BETWEEN -180 AND 180),
    lat              double precision CHECK (lat BETWEEN -90 AND 90),
    position_source  text NOT NULL,
    position_error_m double precision,
    footprint        geometry('OGC:CRS84')
        CHECK (footprint && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    version          integer NOT NULL,
    batch_id         text NOT NULL,
    replaced_by      text NOT NULL,
    replaced_at      timestamptz NOT NULL
);

-- gates and doors of a facility
CREATE TABLE facility_entrances (
    facility_id text NOT NULL,
    seq         integer NOT NULL,
    lon         double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat         double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    batch_id    text NOT NULL
);

-- people at a point: building, hexagon, courtyard
CREATE TABLE population_points (
    source     text NOT NULL,
    point_id   text NOT NULL,
    lon        double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat        double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    residents  double precision,
    registered double precision,
    elders     double precision,
    children   double precision,
    households double precision,
    as_of_on   date,
    batch_id   text NOT NULL
);

-- one building
CREATE TABLE buildings (
    building_id   text NOT NULL,
    name          text,
    courtyard_id  text,
    street        text,
    street_number text,
    use           text,
    storeys       integer,
    households    integer,
    lon           double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat           double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    geom          geometry('OGC:CRS84')
        CHECK (geom && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    batch_id      text NOT NULL
);

-- land people live on, the official denominator of coverage
CREATE TABLE residential_land (
    land_id  text NOT NULL,
    geom     geometry('OGC:CRS84') NOT NULL
        CHECK (geom && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    source   text,
    as_of_on date,
    batch_id text NOT NULL
);

-- ends and crossings of streets
CREATE TABLE street_nodes (
    node_id  bigint NOT NULL,
    lon      double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    lat      double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    batch_id text NOT NULL
);

-- one piece of street between two nodes
CREATE TABLE street_edges (
    edge_id   bigint NOT NULL,
    from_node bigint NOT NULL,
    to_node   bigint NOT NULL,
    length_m  double precision NOT NULL,
    name      text,
    kind      text,
    walk      boolean NOT NULL,
    geom      geometry('OGC:CRS84') NOT NULL
        CHECK (geom && 'POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'::geometry('OGC:CRS84')),
    batch_id  text NOT NULL
);

-- rows of other tables that a later batch replaced
CREATE TABLE former_rows (
    replaced_by text NOT NULL,
    seq         integer NOT NULL,
    table_name  text NOT NULL,
    row         json NOT NULL
);

-- campaigns and patrol days: how hard was looked
CREATE TABLE reporting_effort (
    area_id  text NOT NULL,
    on_date  date NOT NULL,
    kind     text NOT NULL,
    amount   double precision NOT NULL,
    note     text,
    batch_id text NOT NULL
);

-- every published figure can be reproduced from here
CREATE TABLE runs (
    run_id          text NOT NULL,
    method          text NOT NULL,
    parameters      json NOT NULL,
    data_version    bigint NOT NULL,
    program_version text NOT NULL,
    created_at      timestamptz NOT NULL
);

-- who may use the store (empty until accounts exist)
CREATE TABLE users (
    user_name  text NOT NULL,
    role       text NOT NULL,
    area_id    text,
    created_at timestamptz NOT NULL
);

-- what was done and what was refused, never edited
CREATE TABLE audit_log (
    seq       bigint NOT NULL,
    taken_at  timestamptz NOT NULL,
    actor     text NOT NULL,
    action    text NOT NULL,
    object_id text NOT NULL,
    outcome   text NOT NULL
        CHECK (outcome IN ('done', 'refused')),
    note      text NOT NULL
);
