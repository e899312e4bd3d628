// Temporal's Go SDK against longbeat-server, alone and together with C++.
//
//	interop_go cases ADDRESS [WORDS]      the cases whose name has WORDS; those with C++ need LONGBEAT_INTEROP_CPP
//	interop_go workflows ADDRESS [WORDS]  the same of workflows whose activities C++ runs; the server must have workflows
//	interop_go worker ADDRESS QUEUE       a worker that a case kills
//	interop_go descriptors FILE           writes the descriptors that the SDK brings, as a FileDescriptorSet
package main

import (
	"context"
	"fmt"
	"os"

	_ "go.temporal.io/api/errordetails/v1"
	_ "go.temporal.io/api/nexusservices/workerservice/v1"
	_ "go.temporal.io/api/operatorservice/v1"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func writeDescriptors(path string) error {
	all := &descriptorpb.FileDescriptorSet{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		all.File = append(all.File, protodesc.ToFileDescriptorProto(file))
		return true
	})
	bytes, err := proto.Marshal(all)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes, 0o644)
}

func main() {
	arguments := append(os.Args[1:], "", "", "")
	role, first, second := arguments[0], arguments[1], arguments[2]
	var err error
	switch {
	case role == "cases" && first != "":
		err = runCases("go", cases, first, second)
	case role == "workflows" && first != "":
		err = runCases("workflows", workflowCases, first, second)
	case role == "worker" && second != "":
		err = serveUntilKilled(context.Background(), first, second)
	case role == "descriptors" && first != "":
		err = writeDescriptors(first)
	default:
		fmt.Fprintln(os.Stderr, "usage: interop_go cases|workflows ADDRESS [WORDS] | worker ADDRESS QUEUE | descriptors FILE")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
