"""A deployment that is made again, or that changes its model, keeps its records apart."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shelf",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unwanted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_shelf")),
    )
    op.create_index(op.f("ix_shelf_deployment"), "shelf", ["deployment"], unique=False)
    op.add_column("deployment", sa.Column("shelf", sa.Text(), nullable=True))
    op.add_column("deployment", sa.Column("began", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "INSERT INTO shelf (name, deployment, model, began) SELECT name, name, model, created_at FROM deployment"
    )
    op.execute("UPDATE deployment SET shelf = name, began = created_at")
