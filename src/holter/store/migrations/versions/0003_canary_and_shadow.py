"""A second version beside the one that answers: as a canary, or in its shadow."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployment", sa.Column("canary_version", sa.BigInteger(), nullable=True))
    op.add_column("deployment", sa.Column("canary_weight", sa.Double(), nullable=True))
    op.add_column("deployment", sa.Column("canary_key", sa.Text(), nullable=True))
    op.add_column("deployment", sa.Column("shadow_version", sa.BigInteger(), nullable=True))
    op.add_column("deployment", sa.Column("observed_canary", sa.BigInteger(), nullable=True))
    op.add_column("deployment", sa.Column("observed_shadow", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("deployment", "observed_shadow")
    op.drop_column("deployment", "observed_canary")
    op.drop_column("deployment", "shadow_version")
    op.drop_column("deployment", "canary_key")
    op.drop_column("deployment", "canary_weight")
    op.drop_column("deployment", "canary_version")
