/*
 * The columns of the tables that findings are kept in, in the order of the schema: that of the values of a
 * row that waits (db/store/row_buffer.h).
 */
#ifndef IMAPTAP_DB_COLUMNS_H
#define IMAPTAP_DB_COLUMNS_H

enum connection_column {
    CONNECTION_ID,
    CONNECTION_CAPTURE_ID,
    CONNECTION_CLIENT_IP,
    CONNECTION_CLIENT_PORT,
    CONNECTION_SERVER_IP,
    CONNECTION_SERVER_PORT,
    CONNECTION_VLAN,
    CONNECTION_TUNNEL,
    CONNECTION_COMMUNITY_ID,
    CONNECTION_FIRST_NS,
    CONNECTION_LAST_NS, /* those before it stay as they are */
    CONNECTION_GREETING,
    CONNECTION_SERVER_PRODUCT,
    CONNECTION_SERVER_HOST,
    CONNECTION_CAPABILITIES,
    CONNECTION_CLIENT_IDENT,
    CONNECTION_SERVER_IDENT,
    CONNECTION_ORIGIN_IP,
    CONNECTION_ORIGIN_SOURCE,
    CONNECTION_ENCRYPTION,
    CONNECTION_STARTTLS,
    CONNECTION_STARTTLS_PIPELINED,
    CONNECTION_MIDSTREAM,
    CONNECTION_ONE_SIDED,
    CONNECTION_NOT_IMAP,
    CONNECTION_LOST_OCTETS,
    CONNECTION_END,
    CONNECTION_CLOSED_BY,
    CONNECTION_CLOSED_NS,
    CONNECTION_COLUMNS
};

enum login_column {
    LOGIN_ID,
    LOGIN_CONNECTION_ID,
    LOGIN_CAPTURE_ID,
    LOGIN_TIME_NS,
    LOGIN_FRAME,
    LOGIN_TAG,
    LOGIN_COMMAND,
    LOGIN_MECHANISM,
    LOGIN_USERNAME,
    LOGIN_USERNAME_FORM,
    LOGIN_USERNAME_LENGTH,
    LOGIN_PASSWORD_FORM,
    LOGIN_PASSWORD_LENGTH,
    LOGIN_AUTHZID,
    LOGIN_WORKSTATION,
    LOGIN_RESULT,
    LOGIN_RESPONSE_CODE,
    LOGIN_RESPONSE_TEXT,
    LOGIN_LATENCY_NS,
    LOGIN_AFTER_RESULT,
    LOGIN_AFTER_TEXT,
    LOGIN_INCOMPLETE,
    LOGIN_COLUMNS
};

/* Without its number, which SQLite gives. */
enum violation_column {
    VIOLATION_LOGIN_ID,
    VIOLATION_RULE,
    VIOLATION_ARGUMENT,
    VIOLATION_POSITION,
    VIOLATION_COUNT,
    VIOLATION_OCTETS,
    VIOLATION_COLUMNS
};

/* Their names, as SQL takes them. */
#define CONNECTION_NAMES                                                                                     \
    "id,capture_id,client_ip,client_port,server_ip,server_port,vlan,tunnel,community_id,first_ns,last_ns,"   \
    "greeting,"                                                                                              \
    "server_product,server_host,capabilities,client_ident,server_ident,origin_ip,origin_source,encryption,"  \
    "starttls,"                                                                                              \
    "starttls_pipelined,midstream,one_sided,not_imap,lost_octets,\"end\",closed_by,closed_ns"
#define LOGIN_NAMES                                                                                          \
    "id,connection_id,capture_id,time_ns,frame,tag,command,mechanism,username,username_form,username_"       \
    "length,"                                                                                                \
    "password_form,password_length,authzid,workstation,result,response_code,response_text,latency_ns,after_" \
    "result,"                                                                                                \
    "after_text,incomplete"
#define VIOLATION_NAMES "login_id,rule,argument,position,count,octets"

#endif
