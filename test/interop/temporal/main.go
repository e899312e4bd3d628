// Temporal's server, from its published module, for our tests: all of its services in one process, on the loopback, in
// memory.
//
//	temporal_server [--port N] [--port-file FILE] [--log-file FILE] [--namespaces A,B] [--set KEY=VALUE]...
//
// It prints one line when namespaces and calls work, and ends by SIGTERM or SIGINT with 0. --set is a key of the dynamic
// configuration; the value is true, false, a whole number or text.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

const patience = time.Minute

// settings are what the tests need beyond Temporal's own defaults: what is off there, and no limits below what a test
// asks for in a second. For completion callbacks --set activity.enableCallbacks=true is enough.
func settings() map[string]any {
	anywhere := []map[string]any{{"Pattern": "*", "AllowInsecure": true}}
	return map[string]any{
		"history.enableStandaloneActivityOperatorCommands": true,
		"callback.allowedAddresses":                        anywhere,
		"matching.enableFairness":                          true,
		"frontend.enableCancelWorkerPollsOnShutdown":       true,
		"frontend.namespaceRPS":                            100_000,
		"frontend.rps":                                     100_000,
		"frontend.namespaceRPS.visibility":                 10_000,
		"system.forceSearchAttributesCacheRefreshOnRead":   true,
		// Several would hand tasks out in another order than they came.
		"matching.numTaskqueueReadPartitions":  1,
		"matching.numTaskqueueWritePartitions": 1,
	}
}

type command struct {
	port       int
	portFile   string
	logFile    string
	namespaces []string
	settings   map[string]any
}

func parse() command {
	it := command{settings: settings()}
	flag.IntVar(&it.port, "port", 0, "port of the gRPC API, 0 takes a free one")
	flag.StringVar(&it.portFile, "port-file", "", "where to write the port when the server is ready")
	flag.StringVar(&it.logFile, "log-file", "", "where to write the log, from warnings on; without it, to stderr")
	namespaces := flag.String("namespaces", "default,other", "registered at the start, with commas between them")
	flag.Func("set", "KEY=VALUE of the dynamic configuration", func(text string) error {
		key, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("must be KEY=VALUE")
		}
		it.settings[key] = valueOf(value)
		return nil
	})
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "temporal_server: unknown argument '%s'\n", flag.Arg(0))
		os.Exit(2)
	}
	it.namespaces = strings.Split(*namespaces, ",")
	return it
}

func (it command) dynamic() dynamicconfig.Client {
	dynamic := dynamicconfig.StaticClient{}
	for key, value := range it.settings {
		dynamic[dynamicconfig.MakeKey(key)] = value
	}
	return dynamic
}

func valueOf(text string) any {
	if number, err := strconv.Atoi(text); err == nil {
		return number
	}
	if truth, err := strconv.ParseBool(text); err == nil {
		return truth
	}
	return text
}

// register makes the namespace and waits until every service knows it.
func register(ctx context.Context, service workflowservice.WorkflowServiceClient, name string) error {
	for {
		_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace:                        name,
			WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
		})
		var exists *serviceerror.NamespaceAlreadyExists
		if err == nil || errors.As(serviceerror.FromStatus(serviceerror.ToStatus(err)), &exists) {
			_, err = service.CountActivityExecutions(ctx, &workflowservice.CountActivityExecutionsRequest{Namespace: name})
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace '%s': %w", name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func makeReady(address string, namespaces []string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, name := range namespaces {
		if err := register(ctx, workflowservice.NewWorkflowServiceClient(connection), name); err != nil {
			return err
		}
	}
	return nil
}

// writePort writes it to a file that is never seen half written.
func writePort(path string, port int) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(strconv.Itoa(port)+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func run(it command) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn", OutputFile: it.logFile, Format: "console"}))
	places, err := findPlaces(it.port)
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithConfig(configuration(places)),
		temporal.WithStaticHosts(places.hosts()),
		temporal.WithDynamicConfigClient(it.dynamic()),
		temporal.WithLogger(logger),
	)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	address := places.address(frontend)
	if err := makeReady(address, it.namespaces); err != nil {
		return err
	}
	if err := writePort(it.portFile, places.ports[frontend]); err != nil {
		return err
	}
	fmt.Printf("Temporal's server %s at %s\n", headers.ServerVersion, address)
	<-end
	return server.Stop()
}

func main() {
	if err := run(parse()); err != nil {
		fmt.Fprintf(os.Stderr, "temporal_server: %v\n", err)
		os.Exit(1)
	}
}
