"""Lists the instances, starts one, reads a page of events, and follows the rest.

    URL=http://localhost:8000 API_KEY=… python3 follow.py loja-1
"""

import os
import sys

from evolution_listener import Client

client = Client(os.environ["URL"], os.environ["API_KEY"])
name = sys.argv[1]

for instance in client.instances_list():
    print("instance", instance["name"], instance["listener"]["state"]["_tag"])
print("start", client.instances_start(name=name)["desired"]["state"])

page = client.events_read(instance=name, limit=1000)
for event in page["events"]:
    print("page", event["id"], event["event"])

# Keep `last_event_id` where your process finds it again, and pass it as `after` the next time.
events = client.events(instance=name, after=page["next"])
for event in events:
    print("stream", event["id"], event["event"], flush=True)
