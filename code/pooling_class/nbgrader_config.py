"""nbgrader's settings for this course: what is not set here is nbgrader's default."""

from pathlib import Path

from pooling_class import plugin

c = get_config()  # noqa: F821 (nbgrader defines it)
plugin.configure(c, Path(__file__).parent)

# The name of the course in the exchange, where the exchange lies, and for whom:
# c.CourseDirectory.course_id = "pooling"
# c.Exchange.root = "/srv/nbgrader/exchange"

# Without bubblewrap, and only if you trust who handed in:
# c.SandboxGrade.trust_submissions = True
