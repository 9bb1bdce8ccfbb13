"""What a user would write instead, tuned as a good one would. Each is a program that gets a :class:`job.Job`."""
