package main

import (
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// What a Go client does with an activity, whichever language runs it.

func init() {
	forEachWorker("a cancel is seen by heartbeat, and the caller gets the canceled error", cancels)
	forEachWorker("a pause is seen by heartbeat; after the unpause the activity completes", pauses)
	forEachWorker("a reset begins again at attempt 1 and keeps the heartbeat details", resets)
	forEachWorker("terminate closes the activity at once, and a cancel after that is refused", terminates)
	forEachWorker("retries end with success, with the last attempt's failure, or at a listed type", retries)
	forEachWorker("each timeout closes the activity with its type", timesOut)
	forEachWorker("activities are listed by query and counted by status, one is described", looks)
	forEachWorker("a restore gives back what an update changed", updates)
}

// forEachWorker is a case with a Go worker, and one with a C++ worker.
func forEachWorker(sentence string, run func(b *bench, queue string)) {
	addCase(sentence, func(b *bench) {
		queue := newID("served-by-go")
		b.goWorker(b.client, queue, func() { run(b, queue) })
	})
	if os.Getenv("LONGBEAT_INTEROP_CPP") == "" {
		return
	}
	addCase(sentence+", with a C++ worker", func(b *bench) {
		queue := newID("served-by-cpp")
		b.cppWorker(b.client, queue, func() { run(b, queue) })
	})
}

// beating is an activity whose first attempt runs and has heartbeated. mark is the file that ends the next attempt.
func (b *bench) beating(queue string) (handle client.ActivityHandle, mark string) {
	mark = filepath.Join(os.TempDir(), newID("mark"))
	handle = b.start(queue, "beat", mark)
	b.untilBeaten(handle)
	return handle, mark
}

func createMark(path string) { check(os.WriteFile(path, nil, 0o600) == nil, "no mark") }

func cancels(b *bench, queue string) {
	handle, _ := b.beating(queue)
	err := handle.Cancel(b, client.CancelActivityOptions{Reason: "changed my mind"})
	check(err == nil, "cancel: %v", err)
	failureOf[*temporal.CanceledError](b, handle)
	seen := b.describe(handle)
	equal(seen.Status, enumspb.ACTIVITY_EXECUTION_STATUS_CANCELED)
	equal(seen.CanceledReason, "changed my mind")
}

func pauses(b *bench, queue string) {
	handle, mark := b.beating(queue)
	createMark(mark)
	defer os.Remove(mark)
	err := handle.Pause(b, client.PauseActivityOptions{Reason: "look into it"})
	check(err == nil, "pause: %v", err)
	until("paused", func() bool { return b.describe(handle).RunState == enumspb.PENDING_ACTIVITY_STATE_PAUSED })
	equal(b.describe(handle).Status, enumspb.ACTIVITY_EXECUTION_STATUS_PAUSED)
	err = handle.Unpause(b, client.UnpauseActivityOptions{})
	check(err == nil, "unpause: %v", err)
	equal(get[string](b, handle), "attempt 2 after beating")
}

// This SDK's handle has no reset.
func resets(b *bench, queue string) {
	handle, mark := b.beating(queue)
	createMark(mark)
	defer os.Remove(mark)
	must(b.client.WorkflowService().ResetActivityExecution(b, &workflowservice.ResetActivityExecutionRequest{
		Namespace: "default", ActivityId: handle.GetID(), RunId: handle.GetRunID(), Identity: "raw",
	}))
	equal(get[string](b, handle), "attempt 1 after beating")
}

func terminates(b *bench, queue string) {
	handle, _ := b.beating(queue)
	err := handle.Terminate(b, client.TerminateActivityOptions{Reason: "no more"})
	check(err == nil, "terminate: %v", err)
	failureOf[*temporal.TerminatedError](b, handle)
	equal(b.describe(handle).Status, enumspb.ACTIVITY_EXECUTION_STATUS_TERMINATED)
	err = handle.Cancel(b, client.CancelActivityOptions{})
	_, refused := err.(*serviceerror.FailedPrecondition)
	check(refused, "the cancel: %v", err)
}

func retries(b *bench, queue string) {
	equal(get[int](b, b.start(queue, "flaky", 2)), 3)
	limited := options(queue, func(it *client.StartActivityOptions) { it.RetryPolicy.MaximumAttempts = 2 })
	last := failureOf[*temporal.ApplicationError](b, must(b.client.ExecuteActivity(b, limited, "flaky", 9)))
	equal([]string{last.Message(), last.Type()}, []string{"attempt 2", "Flaky"})
	listed := options(queue, func(it *client.StartActivityOptions) {
		it.RetryPolicy.NonRetryableErrorTypes = []string{"Flaky"}
	})
	last = failureOf[*temporal.ApplicationError](b, must(b.client.ExecuteActivity(b, listed, "flaky", 9)))
	equal(last.Message(), "attempt 1")
}

func timesOut(b *bench, queue string) {
	once := func(it *client.StartActivityOptions) { it.RetryPolicy.MaximumAttempts = 1 }
	begin := func(activity string, args []any, change func(*client.StartActivityOptions)) client.ActivityHandle {
		return must(b.client.ExecuteActivity(b, options(queue, once, change), activity, args...))
	}
	nobody := newID("nobody-polls")
	handles := []client.ActivityHandle{
		begin("hold", nil, func(it *client.StartActivityOptions) { it.StartToCloseTimeout = time.Second }),
		begin("hold", nil, func(it *client.StartActivityOptions) { it.HeartbeatTimeout = time.Second }),
		begin("greet", []any{"x"}, func(it *client.StartActivityOptions) {
			it.TaskQueue, it.ScheduleToStartTimeout = nobody, time.Second
		}),
		begin("greet", []any{"x"}, func(it *client.StartActivityOptions) {
			it.TaskQueue, it.ScheduleToCloseTimeout = nobody, time.Second
		}),
		begin("hold", nil, func(it *client.StartActivityOptions) { it.ScheduleToCloseTimeout = time.Second }),
	}
	var seen []enumspb.TimeoutType
	for _, handle := range handles {
		seen = append(seen, failureOf[*temporal.TimeoutError](b, handle).TimeoutType())
	}
	equal(seen, []enumspb.TimeoutType{
		enumspb.TIMEOUT_TYPE_START_TO_CLOSE, enumspb.TIMEOUT_TYPE_HEARTBEAT,
		// What nobody takes was not started in time, whichever limit says so.
		enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START,
		enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE,
	})
}

func looks(b *bench, queue string) {
	for _, name := range []string{"a", "b", "c"} {
		equal(get[string](b, b.start(queue, "greet", name)), "hello "+name)
	}
	open, _ := b.beating(queue)
	query := "TaskQueue = '" + queue + "'"
	listed := map[string]enumspb.ActivityExecutionStatus{}
	list := must(b.client.ListActivities(b, client.ListActivitiesOptions{Query: query}))
	for row, err := range list.Results {
		check(err == nil, "list: %v", err)
		listed[row.ActivityID] = row.Status
	}
	equal(len(listed), 4)
	equal(listed[open.GetID()], enumspb.ACTIVITY_EXECUTION_STATUS_RUNNING)
	count := must(b.client.CountActivities(b, client.CountActivitiesOptions{Query: query + " GROUP BY ExecutionStatus"}))
	groups := map[any]int64{}
	for _, group := range count.Groups {
		groups[group.GroupValues[0]] = group.Count
	}
	equal(count.Count, int64(4))
	equal(groups, map[any]int64{"Completed": 3, "Running": 1})
	seen := b.describe(open)
	equal([]any{seen.ActivityType, seen.TaskQueue, seen.Attempt, seen.HeartbeatTimeout},
		[]any{"beat", queue, int32(1), 10 * time.Second})
	check(seen.LastWorkerIdentity != "" && seen.TotalHeartbeatCount > 0, "%+v", seen)
	_, err := b.client.CountActivities(b, client.CountActivitiesOptions{Query: "NoSuchField = 1"})
	_, refused := err.(*serviceerror.InvalidArgument)
	check(refused, "a bad query: %v", err)
	check(open.Terminate(b, client.TerminateActivityOptions{}) == nil, "terminate")
}

func updates(b *bench, queue string) {
	nobody := newID("nobody-polls")
	handle := b.start(nobody, "greet", "moved")
	changed := must(handle.UpdateOptions(b, client.ActivityOptionsUpdate{
		StartToCloseTimeout: &client.ActivityOptionChange[time.Duration]{Value: pointer(7 * time.Second)},
		TaskQueue:           &client.ActivityOptionChange[string]{Value: &queue},
	}))
	equal([]any{changed.StartToCloseTimeout, changed.TaskQueue}, []any{7 * time.Second, queue})
	equal(get[string](b, handle), "hello moved")
	handle = b.start(nobody, "greet", "x")
	must(handle.UpdateOptions(b, client.ActivityOptionsUpdate{
		StartToCloseTimeout: &client.ActivityOptionChange[time.Duration]{Value: pointer(7 * time.Second)}}))
	equal(must(handle.RestoreOriginalOptions(b)).StartToCloseTimeout, 30*time.Second)
	check(handle.Terminate(b, client.TerminateActivityOptions{}) == nil, "terminate")
}
