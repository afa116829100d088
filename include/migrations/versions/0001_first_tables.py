"""Predictions, promotions, decisions, drift results and retrain requests."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE perennial.promotion (
    promotion_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model           text NOT NULL,
    version         integer NOT NULL,
    effective_from  date NOT NULL,
    run_id          text NOT NULL,
    artifact_sha256 text NOT NULL,
    snapshot_tag    text NOT NULL,
    snapshot_hash   text NOT NULL,
    reasons         jsonb NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model, version, effective_from)
);
CREATE INDEX promotion_champion ON perennial.promotion (model, effective_from DESC, promotion_id DESC);

CREATE TABLE perennial.decision (
    decision_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model           text NOT NULL,
    version         integer NOT NULL,
    as_of           date NOT NULL,
    gate            text NOT NULL,
    decision_sha256 text NOT NULL,
    verdict         text NOT NULL,
    reasons         jsonb NOT NULL,
    observed        jsonb NOT NULL,
    thresholds      jsonb NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model, version, as_of, gate, decision_sha256)
);

CREATE TABLE perennial.publication (
    model            text NOT NULL,
    ds               date NOT NULL,
    revision         integer NOT NULL CHECK (revision > 0),
    rows             bigint NOT NULL CHECK (rows >= 0),
    content_hash     text NOT NULL,
    model_version    integer NOT NULL,
    snapshot_tag     text NOT NULL,
    snapshot_hash    text NOT NULL,
    partition_sha256 text NOT NULL,
    run_id           text NOT NULL,
    published_at     timestamptz NOT NULL DEFAULT now(),
    is_current       boolean NOT NULL,
    PRIMARY KEY (model, ds, revision)
);
CREATE UNIQUE INDEX publication_one_current ON perennial.publication (model, ds) WHERE is_current;

-- No foreign key to publication: it would be checked once a row, and one function writes both tables.
CREATE TABLE perennial.prediction (
    model         text NOT NULL,
    ds            date NOT NULL,
    revision      integer NOT NULL,
    entity_key    text NOT NULL,
    score         double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    prediction    smallint NOT NULL,
    model_version integer NOT NULL,
    snapshot_tag  text NOT NULL,
    snapshot_hash text NOT NULL,
    PRIMARY KEY (model, ds, revision, entity_key)
);

CREATE VIEW perennial.current_prediction AS
    SELECT prediction.*, publication.published_at
    FROM perennial.prediction
    JOIN perennial.publication USING (model, ds, revision)
    WHERE publication.is_current;

CREATE TABLE perennial.drift_week (
    model            text NOT NULL,
    first            date NOT NULL,
    last             date NOT NULL,
    champion_version integer NOT NULL,
    rows             bigint NOT NULL,
    drifted          boolean NOT NULL,
    report           text NOT NULL,
    measured_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model, first)
);

CREATE TABLE perennial.drift_feature (
    model       text NOT NULL,
    first       date NOT NULL,
    feature     text NOT NULL,
    statistic   text NOT NULL,
    value       double precision NOT NULL,
    threshold   double precision NOT NULL,
    drifted     boolean NOT NULL,
    explanation text NOT NULL,
    PRIMARY KEY (model, first, feature),
    FOREIGN KEY (model, first) REFERENCES perennial.drift_week (model, first)
);

CREATE TABLE perennial.retrain_request (
    model        text NOT NULL,
    as_of        date NOT NULL,
    source       text NOT NULL,
    reason       text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model, as_of, source)
);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Refuse: dropping the record of what was published is never a migration's business."""
    raise NotImplementedError("the first migration is not undone; drop the schema by hand if you mean it")
