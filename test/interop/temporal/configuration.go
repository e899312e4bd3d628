package main

import (
	"fmt"
	"net"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "interop"
	disabled    = "disabled"
	frontend    = string(primitives.FrontendService)
)

// places are the ports of the services.
type places struct {
	ports map[string]int
	http  int
}

func (it places) address(service string) string {
	return fmt.Sprintf("%s:%d", loopback, it.ports[service])
}

func (it places) hosts() map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service := range it.ports {
		hosts[primitives.ServiceName(service)] = static.SingleLocalHost(it.address(service))
	}
	return hosts
}

// findPlaces takes `port` for the API, or a free one, and free ones for what the services say to each other. All are
// held until the last is known, so none comes twice.
func findPlaces(port int) (places, error) {
	found := places{ports: map[string]int{}}
	hold := func(wanted int) (net.Listener, int, error) {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", loopback, wanted))
		if err != nil {
			return nil, 0, err
		}
		return listener, listener.Addr().(*net.TCPAddr).Port, nil
	}
	for _, service := range temporal.DefaultServices {
		wanted := 0
		if service == frontend {
			wanted = port
		}
		listener, got, err := hold(wanted)
		if err != nil {
			return places{}, err
		}
		defer func() { _ = listener.Close() }()
		found.ports[service] = got
	}
	listener, got, err := hold(0)
	if err != nil {
		return places{}, err
	}
	found.http = got
	return found, listener.Close()
}

// configuration keeps everything in one SQLite database in memory.
func configuration(it places) *config.Config {
	const store = "memory"
	services := map[string]config.Service{}
	for service, port := range it.ports {
		rpc := config.RPC{GRPCPort: port, BindOnIP: loopback}
		if service == frontend {
			rpc.HTTPPort = it.http
		}
		services[service] = config.Service{RPC: rpc}
	}
	database := &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      "interop",
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "private"},
	}
	return &config.Config{
		Services: services,
		Persistence: config.Persistence{
			DefaultStore:     store,
			VisibilityStore:  store,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{store: {SQL: database}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: it.address(frontend)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: it.address(frontend)},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
			},
		},
	}
}
