-- A database for the system on each bus; in it every service has a schema of its own.
CREATE DATABASE rabbitmq;
CREATE DATABASE kafka;
