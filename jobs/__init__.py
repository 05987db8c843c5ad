"""The worker process as Blender sees it: `worker` starts it and carries messages, `queue` keeps the jobs."""
