"""Which runs make the shipped model. What else was tried: docs/sentiment.md."""

from models.sentiment.training.loop import Run

TEACHERS = (
    Run("teacher-1", seed=1, left_out="2016"),
    Run("teacher-2", seed=2),
)
"""One epoch each: longer ones learn the topics of the years by heart. One leaves a period out, so that there is a
figure for topics the model has not seen, and so that part of what the students are taught was said by a teacher who had
not seen the answer."""

STUDENTS = (
    Run("student-1", seed=11, epochs=1.75, student=True),
    Run("student-2", seed=12, epochs=1.75, student=True),
    Run("student-3", seed=11, epochs=1.5, student=True, emotion_weight=0.15, comment_batches=1),
    Run("student-4", seed=12, epochs=1.01, student=True, emotion_weight=0.15, comment_batches=1),
)
"""From the same initial heads, so that their weights can be averaged. The first two are better at tones, the others at
sentiment; their mean has the least log loss (docs/sentiment.md)."""

PRIOR_TAU = 0.0
"""How far the shipped model takes its prior back. On the periods the teachers had not seen, 0.25 won half a point of
macro recall but lost log loss, which is what a confidence is worth (docs/sentiment.md)."""
