<?php

/**
 * Lists the instances, starts one, reads a page of events, and follows the rest.
 *
 *     URL=http://localhost:8000 API_KEY=… php follow.php loja-1
 */

declare(strict_types=1);

require __DIR__ . '/EvolutionListener.php';

$client = new EvolutionListener\Client(getenv('URL'), getenv('API_KEY'));
$name = $argv[1];

foreach ($client->instancesList() as $instance) {
    echo "instance {$instance['name']} {$instance['listener']['state']['_tag']}\n";
}
echo "start {$client->instancesStart($name)['desired']['state']}\n";

$page = $client->eventsRead(instance: $name, limit: 1000);
foreach ($page['events'] as $event) {
    echo "page {$event['id']} {$event['event']}\n";
}

// Keep `lastEventId` where your process finds it again, and pass it as `after` the next time.
$events = $client->events(instance: $name, after: $page['next']);
foreach ($events as $event) {
    echo "stream {$event['id']} {$event['event']}\n";
}
