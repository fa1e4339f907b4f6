// What gRPC does not offer: to end a connection whose client takes nothing.

#ifndef SPOOL_SERVER_RPC_CONNECTIONS_H_
#define SPOOL_SERVER_RPC_CONNECTIONS_H_

namespace spool::rpc {

// Ends each TCP connection of this process that came in at the local port, at its socket: whoever waits to write to it
// is told that it is gone, and closes it. Answers how many there were.
int CutConnections(int port);

}  // namespace spool::rpc

#endif  // SPOOL_SERVER_RPC_CONNECTIONS_H_
