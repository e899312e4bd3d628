"""Describe, list, count, search attributes, task queues, workers, and questions about what does not exist."""

from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType, WorkerStatus
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeWorkerRequest, ListWorkersRequest
from temporalio.client import ActivityExecutionStatus, Client, PendingActivityState
from temporalio.common import RetryPolicy, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

import activities
from harness import Bench, case, equal, failure_of, refusal_of, true, until, until_described


@case("a running activity is described with state, input, heartbeat details and options")
async def _(bench: Bench):
    policy = RetryPolicy(initial_interval=timedelta(seconds=2), backoff_coefficient=3, maximum_attempts=4)
    handle = await bench.start(activities.beat_until_stopped, "x", retry_policy=policy, summary="a *summary*")
    await until_described(handle, lambda it: it.has_heartbeat_details(), "a heartbeat")
    seen = await handle.describe(include_input=True, include_heartbeat_details=True)
    equal((seen.activity_id, seen.activity_run_id), (handle.id, handle.run_id))
    equal((seen.status, seen.run_state), (ActivityExecutionStatus.RUNNING, PendingActivityState.STARTED))
    equal((seen.activity_type, seen.task_queue, seen.attempt), ("beat_until_stopped", bench.queue, 1))
    equal((await seen.input(), await seen.heartbeat_details()), (["x"], ["beating"]))
    equal((seen.start_to_close_timeout, seen.heartbeat_timeout), (timedelta(seconds=30), timedelta(seconds=10)))
    equal((seen.retry_policy.backoff_coefficient, seen.retry_policy.maximum_attempts), (3, 4))
    equal(seen.last_worker_identity, "the shared worker")
    true(seen.total_heartbeat_count >= 1 and seen.last_heartbeat_time >= seen.last_started_time, seen)
    true(b"a *summary*" in seen.raw_info.user_metadata.summary.data, seen.raw_info.user_metadata)
    equal((seen.close_time, await seen.result(), await seen.last_failure()), (None, None, None))
    await handle.terminate()


@case("a retrying and a closed activity are described with failure, next attempt and outcome")
async def _(bench: Bench):
    handle = await bench.start(activities.flaky, 1, retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2)))
    seen = await until_described(handle, lambda it: it.has_last_failure(), "the first failure")
    equal((seen.attempt, seen.run_state), (2, PendingActivityState.SCHEDULED))
    equal(str(await seen.last_failure()), "Flaky: attempt 1")
    true(seen.next_attempt_schedule_time > seen.last_attempt_complete_time, seen)
    equal(seen.current_retry_interval, timedelta(seconds=2))
    equal(await handle.result(), 2)
    seen = await handle.describe(include_outcome=True)
    equal((seen.status, seen.run_state, await seen.result()), (ActivityExecutionStatus.COMPLETED, None, 2))
    true(seen.close_time is not None and seen.execution_duration > timedelta(seconds=2), seen)


@case("activities are listed by query, page by page, and counted by status")
async def _(bench: Bench):
    queue = bench.id("listed")
    handles = [await bench.start(activities.greet, str(n), id=f"{queue}-{n}", task_queue=queue) for n in range(5)]
    later = {"start_delay": timedelta(hours=1)}
    open_one = await bench.start(activities.greet, "open", id=f"{queue}-open", task_queue=queue, **later)
    broken = await bench.start(activities.refuse, "for good", id=f"{queue}-broken", task_queue=queue)
    async with bench.worker(queue):
        for handle in handles:
            await handle.result()
        await failure_of(broken)
    query = f'TaskQueue = "{queue}"'

    async def all_there():
        return (await bench.client.count_activities(f'{query} AND ExecutionStatus = "Completed"')).count == 5

    await until(all_there, "five are counted")
    listed = [it async for it in bench.client.list_activities(query, page_size=2)]
    equal({it.activity_id for it in listed}, {handle.id for handle in [*handles, open_one, broken]})
    equal(len(listed), 7)
    equal((listed[0].activity_id, listed[0].status), (open_one.id, ActivityExecutionStatus.RUNNING))
    true(all(it.close_time is not None for it in listed[1:]), "the closed ones have a close time")
    equal(len([it async for it in bench.client.list_activities(query, page_size=2, limit=3)]), 3)
    found = [it async for it in bench.client.list_activities(f"{query} AND ActivityId = '{handles[3].id}'")]
    equal([(it.activity_id, it.activity_run_id) for it in found], [(handles[3].id, handles[3].run_id)])
    groups = (await bench.client.count_activities(f"{query} GROUP BY ExecutionStatus")).groups
    equal({group.group_values[0]: group.count for group in groups}, {"Completed": 5, "Running": 1, "Failed": 1})
    await open_one.terminate()


@case("a bad query is refused with a reason")
async def _(bench: Bench):
    for query in ("TaskQueue =", "NoSuchField = 1", "ExecutionStatus ~ 'x'"):
        error = await refusal_of(bench.client.count_activities(query), RPCError)
        equal(error.status, RPCStatusCode.INVALID_ARGUMENT)


@case("custom search attributes are registered, set, described and found")
async def _(bench: Bench):
    customer, score = SearchAttributeKey.for_keyword("PythonCustomer"), SearchAttributeKey.for_int("PythonScore")
    types = {
        customer.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        score.name: IndexedValueType.INDEXED_VALUE_TYPE_INT,
    }
    operator, namespace = bench.client.operator_service, bench.client.namespace
    known = (await operator.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))).custom_attributes
    missing = {name: kind for name, kind in types.items() if name not in known}
    if missing:
        await operator.add_search_attributes(AddSearchAttributesRequest(search_attributes=missing, namespace=namespace))
    who = bench.id("customer")
    attributes = TypedSearchAttributes([SearchAttributePair(customer, who), SearchAttributePair(score, 42)])

    async def started():
        try:
            return await bench.start(activities.greet, "x", search_attributes=attributes)
        except RPCError as error:  # A real cluster takes a moment to know them.
            true(error.status == RPCStatusCode.INVALID_ARGUMENT, error)
        return None

    handle = await until(started, "the attributes are known")
    await handle.result()
    equal((await handle.describe()).typed_search_attributes[score], 42)

    async def found():
        query = f"PythonCustomer = '{who}' AND PythonScore > 41"
        return [it async for it in bench.client.list_activities(query)]

    (listed,) = await until(found, "listed by its attributes")
    equal((listed.activity_id, listed.typed_search_attributes[customer]), (handle.id, who))


@case("a task queue tells who polls it")
async def _(bench: Bench):
    request = DescribeTaskQueueRequest(
        namespace=bench.client.namespace,
        task_queue=TaskQueue(name=bench.queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await bench.client.workflow_service.describe_task_queue(request)
    equal({poller.identity for poller in answer.pollers}, {"the shared worker"})


@case("a worker is listed and described from its own heartbeats, also when it has shut down")
async def _(bench: Bench):
    queue = bench.id("seen")
    service, namespace = bench.client.workflow_service, bench.client.namespace

    async def listed():
        request = ListWorkersRequest(namespace=namespace, query=f'TaskQueue = "{queue}"')
        return list((await service.list_workers(request)).workers)

    async with bench.worker(queue):
        (worker,) = await until(listed, "listed")
        equal((worker.task_queue, worker.sdk_name), (queue, "temporal-python"))
        equal(worker.status, WorkerStatus.WORKER_STATUS_RUNNING)
        request = DescribeWorkerRequest(namespace=namespace, worker_instance_key=worker.worker_instance_key)
        info = (await service.describe_worker(request)).worker_info
        true(info.worker_heartbeat.activity_task_slots_info.current_available_slots > 0, info)
    # This SDK's last word is SHUTTING_DOWN.
    equal([it.status for it in await listed()], [WorkerStatus.WORKER_STATUS_SHUTTING_DOWN])


@case("what does not exist is answered NOT_FOUND")
async def _(bench: Bench):
    handle = bench.client.get_activity_handle("never-started")
    for call in (handle.describe(), handle.cancel(), handle.terminate(), handle.result()):
        equal((await refusal_of(call, RPCError)).status, RPCStatusCode.NOT_FOUND)
    elsewhere = await Client.connect(bench.address, namespace="no-such-namespace")
    call = elsewhere.get_activity_handle("x").describe()
    equal((await refusal_of(call, RPCError)).status, RPCStatusCode.NOT_FOUND)
