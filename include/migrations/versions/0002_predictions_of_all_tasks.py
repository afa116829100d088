"""Predictions of multiclass models and regressions beside binary ones."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The view is made anew, as its columns are those that the table had when it was made. The new check is
# not held against the rows that are there, which passed a stricter one: a large table is not read.
_CHANGES = """
DROP VIEW perennial.current_prediction;

ALTER TABLE perennial.prediction
    DROP CONSTRAINT prediction_score_check,
    ADD CONSTRAINT prediction_score_finite
        CHECK (score > '-Infinity' AND score < 'Infinity') NOT VALID,
    ALTER COLUMN prediction DROP NOT NULL,
    ADD COLUMN predicted_class text,
    ADD COLUMN class_scores jsonb;

COMMENT ON COLUMN perennial.prediction.score IS
    'binary: probability of class 1; multiclass: probability of predicted_class; regression: the value';
COMMENT ON COLUMN perennial.prediction.prediction IS 'binary: 0 or 1; else null';
COMMENT ON COLUMN perennial.prediction.predicted_class IS 'multiclass: the class; else null';
COMMENT ON COLUMN perennial.prediction.class_scores IS
    'multiclass: the probability of every class by its name; else null';

CREATE VIEW perennial.current_prediction AS
    SELECT prediction.*, publication.published_at
    FROM perennial.prediction
    JOIN perennial.publication USING (model, ds, revision)
    WHERE publication.is_current;
"""


def upgrade() -> None:
    """Widen them."""
    op.execute(_CHANGES)


def downgrade() -> None:
    """Refuse: predictions of these models would have no place."""
    raise NotImplementedError("this migration is not undone: it would lose predictions")
