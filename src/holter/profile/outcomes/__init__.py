"""What became of the answers of a model: mergeable sums of the rows whose label is known."""

from holter.profile.outcomes.co_moments import CoMoments
from holter.profile.outcomes.confusion import Confusion
from holter.profile.outcomes.outcomes import Outcomes
from holter.profile.outcomes.reading import class_scores
from holter.profile.outcomes.reading_rows import outcomes_of
from holter.profile.outcomes.score_cells import ScoreCells

__all__ = ["CoMoments", "Confusion", "Outcomes", "ScoreCells", "class_scores", "outcomes_of"]
