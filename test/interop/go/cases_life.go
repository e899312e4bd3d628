package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// What a Go client and a Go worker do with each other: the worker's own ways, IDs, completion from elsewhere.

func init() {
	addCase("a cancel reaches a worker that does not heartbeat, by a command", promptCancel)
	addCase("a killed worker's activity resumes elsewhere from its heartbeat details", killedWorker)
	addCase("an activity's own retry delay overrides the policy", ownDelay)
	addCase("a start delay holds back the first attempt", startDelay)
	addCase("an activity is completed, failed and canceled by ID from elsewhere", byID)
	addCase("a worker that shuts down lets running attempts finish", gracefulShutdown)
	addCase("a worker that does not wait cancels its attempts, and another resumes them", abruptShutdown)
	addCase("an ID in use is refused with the run that has it, or shared", idsInUse)
	addCase("what a start says comes back in Describe, and a deleted activity is gone", describeAndDelete)
	addCase("a worker is listed, and a task queue tells who polls it", workersAndQueues)
	addCase("what does not exist is answered NOT_FOUND", notFound)
}

// Without a command it would hear of it when its 30 s are over: hold sends no heartbeat.
func promptCancel(b *bench) {
	queue := newID("prompt")
	b.goWorker(b.client, queue, func() {
		silent := options(queue, func(it *client.StartActivityOptions) { it.HeartbeatTimeout = 0 })
		handle := must(b.client.ExecuteActivity(b, silent, "hold"))
		until("started", func() bool { return b.describe(handle).RunState == enumspb.PENDING_ACTIVITY_STATE_STARTED })
		began := time.Now()
		check(handle.Cancel(b, client.CancelActivityOptions{}) == nil, "cancel")
		failureOf[*temporal.CanceledError](b, handle)
		check(time.Since(began) < 10*time.Second, "it took %v", time.Since(began))
	})
}

func killedWorker(b *bench) {
	queue := newID("killed")
	child := exec.Command(must(os.Executable()), "worker", b.address, queue)
	check(child.Start() == nil, "the worker does not start")
	defer kill(child)
	mark := newID(os.TempDir() + "/mark")
	brief := options(queue, func(it *client.StartActivityOptions) { it.HeartbeatTimeout = 2 * time.Second })
	handle := must(b.client.ExecuteActivity(b, brief, "beat", mark))
	b.untilBeaten(handle)
	createMark(mark)
	defer os.Remove(mark)
	kill(child)
	b.goWorker(b.client, queue, func() { equal(get[string](b, handle), "attempt 2 after beating") })
}

func ownDelay(b *bench) {
	queue := newID("delayed")
	b.goWorker(b.client, queue, func() {
		slow := options(queue, func(it *client.StartActivityOptions) { it.RetryPolicy.InitialInterval = time.Hour })
		equal(get[int](b, must(b.client.ExecuteActivity(b, slow, "flaky", 1, 50))), 2)
	})
}

func startDelay(b *bench) {
	queue := newID("later")
	b.goWorker(b.client, queue, func() {
		later := options(queue, func(it *client.StartActivityOptions) { it.StartDelay = time.Second })
		handle := must(b.client.ExecuteActivity(b, later, "greet", "late"))
		equal(get[string](b, handle), "hello late")
		seen := b.describe(handle)
		check(seen.LastStartedTime.Sub(seen.ScheduleTime) >= time.Second, "it began at %v", seen.LastStartedTime)
	})
}

func byID(b *bench) {
	queue := newID("by-id")
	handedOn := func() client.ActivityHandle {
		once := options(queue, func(it *client.StartActivityOptions) { it.RetryPolicy.MaximumAttempts = 1 })
		ticket := newID(os.TempDir() + "/ticket")
		handle := must(b.client.ExecuteActivity(b, once, "hand_on", ticket))
		until("handed on", func() bool { return exists(ticket) })
		os.Remove(ticket)
		return handle
	}
	finish := func(handle client.ActivityHandle, result any, err error) {
		err = b.client.CompleteActivityByActivityID(b, "default", handle.GetID(), handle.GetRunID(), result, err)
		check(err == nil, "by ID: %v", err)
	}
	b.goWorker(b.client, queue, func() {
		handle := handedOn()
		err := b.client.RecordActivityHeartbeatByID(b, "default", "", handle.GetRunID(), handle.GetID(), "nearly")
		check(err == nil, "heartbeat by ID: %v", err)
		b.untilBeaten(handle)
		finish(handle, "by someone else", nil)
		equal(get[string](b, handle), "by someone else")

		handle = handedOn()
		finish(handle, nil, temporal.NewApplicationError("not today", "Remote"))
		equal(failureOf[*temporal.ApplicationError](b, handle).Type(), "Remote")

		handle = handedOn()
		check(handle.Cancel(b, client.CancelActivityOptions{}) == nil, "cancel")
		err = b.client.RecordActivityHeartbeatByID(b, "default", "", handle.GetRunID(), handle.GetID(), "still here")
		check(temporal.IsCanceledError(err), "the heartbeat of a canceled one: %v", err)
		finish(handle, nil, temporal.NewCanceledError("swept"))
		var details string
		check(failureOf[*temporal.CanceledError](b, handle).Details(&details) == nil, "no details")
		equal(details, "swept")
	})
}

func gracefulShutdown(b *bench) {
	queue := newID("closing")
	w := newWorker(b.client, queue, 20*time.Second)
	check(w.Start() == nil, "the worker does not start")
	handle := b.start(queue, "closing")
	b.untilBeaten(handle)
	w.Stop()
	equal(get[string](b, handle), "finished in time")
	// What is started now waits for the next worker, untouched by the open polls of the one that went.
	handle = b.start(queue, "greet", "next")
	b.goWorker(b.client, queue, func() { equal(get[string](b, handle), "hello next") })
	equal(b.describe(handle).Attempt, int32(1))
}

func abruptShutdown(b *bench) {
	queue := newID("leaving")
	var handle client.ActivityHandle
	var mark string
	b.goWorker(b.client, queue, func() { handle, mark = b.beating(queue) })
	createMark(mark)
	defer os.Remove(mark)
	b.goWorker(b.client, queue, func() { equal(get[string](b, handle), "attempt 2 after beating") })
}

func idsInUse(b *bench) {
	nobody := newID("nobody-polls")
	first := options(nobody)
	handle := must(b.client.ExecuteActivity(b, first, "greet", "x"))
	_, err := b.client.ExecuteActivity(b, first, "greet", "x")
	var taken *serviceerror.ActivityExecutionAlreadyStarted
	check(errors.As(err, &taken), "the second start: %v", err)
	equal(taken.RunId, handle.GetRunID())
	first.ActivityIDConflictPolicy = enumspb.ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING
	equal(must(b.client.ExecuteActivity(b, first, "greet", "x")).GetRunID(), handle.GetRunID())
	check(handle.Terminate(b, client.TerminateActivityOptions{}) == nil, "terminate")
	first.ActivityIDReusePolicy = enumspb.ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE
	_, err = b.client.ExecuteActivity(b, first, "greet", "x")
	check(errors.As(err, &taken), "a start with a used ID: %v", err)
	first.ActivityIDReusePolicy = enumspb.ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE
	again := must(b.client.ExecuteActivity(b, first, "greet", "x"))
	check(again.GetRunID() != handle.GetRunID(), "the same run")
	check(again.Terminate(b, client.TerminateActivityOptions{}) == nil, "terminate")
}

func describeAndDelete(b *bench) {
	queue := newID("described")
	b.goWorker(b.client, queue, func() {
		full := options(queue, func(it *client.StartActivityOptions) {
			it.Summary, it.StaticDetails = "a *summary*", "details"
			it.Priority = temporal.Priority{PriorityKey: 2}
			it.RetryPolicy.MaximumAttempts = 4
		})
		handle := must(b.client.ExecuteActivity(b, full, "greet", "x"))
		equal(get[string](b, handle), "hello x")
		seen := b.describe(handle)
		var input, result string
		check(seen.GetInput(&input) == nil && seen.GetResult(&result) == nil, "no input or result")
		equal([]any{input, result, must(seen.GetSummary()), must(seen.GetStaticDetails())},
			[]any{"x", "hello x", "a *summary*", "details"})
		equal([]any{seen.Priority.PriorityKey, seen.RetryPolicy.MaximumAttempts, seen.LastWorkerIdentity},
			[]any{2, int32(4), "the Go worker"})
		must(b.client.WorkflowService().DeleteActivityExecution(b, &workflowservice.DeleteActivityExecutionRequest{
			Namespace: "default", ActivityId: handle.GetID(), RunId: handle.GetRunID(),
		}))
		until("deleted", func() bool {
			_, err := handle.Describe(b, client.DescribeActivityOptions{})
			var gone *serviceerror.NotFound
			return errors.As(err, &gone)
		})
	})
}

func workersAndQueues(b *bench) {
	queue := newID("seen")
	service := b.client.WorkflowService()
	b.goWorker(b.client, queue, func() {
		until("a poller", func() bool {
			seen := must(service.DescribeTaskQueue(b, &workflowservice.DescribeTaskQueueRequest{
				Namespace:     "default",
				TaskQueue:     &taskqueuepb.TaskQueue{Name: queue},
				TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
			}))
			return len(seen.Pollers) > 0 && seen.Pollers[0].Identity == "the Go worker"
		})
		until("listed", func() bool {
			seen := must(service.ListWorkers(b, &workflowservice.ListWorkersRequest{
				Namespace: "default", Query: "TaskQueue = '" + queue + "'",
			}))
			return len(seen.Workers) == 1 && seen.Workers[0].SdkName == "temporal-go" &&
				seen.Workers[0].Status == enumspb.WORKER_STATUS_RUNNING
		})
	})
}

func notFound(b *bench) {
	handle := b.client.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: "never-started"})
	calls := []func(context.Context) error{
		func(ctx context.Context) error { return handle.Get(ctx, nil) },
		func(ctx context.Context) error { return handle.Cancel(ctx, client.CancelActivityOptions{}) },
		func(ctx context.Context) error { return handle.Terminate(ctx, client.TerminateActivityOptions{}) },
		func(ctx context.Context) error {
			_, err := handle.Describe(ctx, client.DescribeActivityOptions{})
			return err
		},
	}
	for _, call := range calls {
		err := call(b)
		var missing *serviceerror.NotFound
		check(errors.As(err, &missing), "it was answered %v", err)
	}
}
