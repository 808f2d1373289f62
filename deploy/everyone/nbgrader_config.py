"""nbgrader under the hub: which course, where it is exchanged, and whose is what.

Where the course folder has settings of its own, they win.
"""

import os

from pooling_class import exchange

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "pooling"
c.Exchange.root = os.environ["CLASS_EXCHANGE"]

instructor = "CLASS_COURSE" in os.environ
c.ExchangeFactory.release_feedback = exchange.ReleaseFeedback
if instructor:
    c.CourseDirectory.root = os.environ["CLASS_COURSE"]
if os.environ["CLASS_ACCOUNTS"] == "many":
    c.ExchangeFactory.collect = exchange.Collect
elif not instructor:  # all are one account: a student is who logged in to the hub
    c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
